"""Statistics of lanes."""
