"""The loop of a lane: pure state and advance, typed events, and the drive that yields them."""
