"""The windows of many lanes on the workers of a cluster."""
