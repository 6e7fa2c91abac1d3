"""What a feed shows of its market: facts of the field, from trades and tops of the book."""
