"""A soak without pytest: from settings and handlers to verdicts and files."""
