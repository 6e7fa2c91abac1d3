"""Stored runs beside each other: what differs, and how sure that is."""
