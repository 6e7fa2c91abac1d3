"""Real clients as they are, pointed at an exchange on this machine by their configuration."""
