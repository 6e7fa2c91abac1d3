"""Real clients of Bybit, unmodified, on the exchange of this machine."""
