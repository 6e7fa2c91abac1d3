"""Two configurations of a bot beside each other: which of them is better, and how sure that is."""
