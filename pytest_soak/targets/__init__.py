"""What is soaked: the Target protocol and the targets that ship with the package."""
