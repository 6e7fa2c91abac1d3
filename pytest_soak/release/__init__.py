"""A change on its way to production: the plan, the ledger, and the state of each step."""
