"""Everything between pytest and the engine: items, order, fixtures, terminal, exit status."""
