"""Faults on a schedule: what is broken, when, and for whom."""
