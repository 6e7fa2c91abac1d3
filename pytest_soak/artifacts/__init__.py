"""What a run leaves on disk: layout, schemas and the handlers that write."""
