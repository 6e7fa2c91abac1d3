"""The WebSockets: public, private and trade."""
