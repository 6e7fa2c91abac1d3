"""What the subcommands of `pytest-soak` do; `cli` only parses."""
