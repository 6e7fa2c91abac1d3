"""A bot that can reach nothing but the exchange on this machine, whatever it is told to reach."""
