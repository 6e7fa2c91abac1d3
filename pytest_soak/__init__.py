"""Soak tests for market-making bots as pytest sessions."""
