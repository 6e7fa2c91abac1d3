"""Soak tests for market-making bots as pytest sessions."""

__version__ = "0.1.0"
