"""What a bot did in a window, as columns: their types, and whether they can be true."""
