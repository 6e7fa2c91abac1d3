"""Who has what: orders, executions, positions and wallets, kept by pure rules."""
