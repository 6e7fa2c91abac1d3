"""A small bot for each client; each a program that runs in its client's own environment."""
