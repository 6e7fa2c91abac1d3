"""What a bot believes of itself, as far as it can be seen from outside."""
