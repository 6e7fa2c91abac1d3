"""How often a gate is wrong: false alarms, and the changes that it catches."""
