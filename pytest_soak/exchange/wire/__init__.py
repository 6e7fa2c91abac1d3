"""What the venue's things look like on the wire: every number in text."""
