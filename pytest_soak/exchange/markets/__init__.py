"""What is behind each symbol: a market that runs by the clock, its books, its trades."""
