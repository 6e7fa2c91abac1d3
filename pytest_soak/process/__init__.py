"""A bot in a process of its own: started, watched, listened to, and ended without a trace."""
