"""The endpoints over HTTP: each is a function of the venue, the account and what was asked."""
