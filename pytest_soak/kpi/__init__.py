"""KPIs: their definitions, and how they follow from what a bot did."""
