"""Rotation: what grows in an artifact root is thinned out and compressed."""
