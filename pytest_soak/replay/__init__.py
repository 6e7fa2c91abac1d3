"""Recorded feeds: what recorders wrote as rows of one shape, and an exchange that replays them."""
