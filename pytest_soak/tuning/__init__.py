"""The control loop: the watcher suggests, the guards let through, phases and freeze protect."""
