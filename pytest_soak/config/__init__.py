"""Settings, parameters, profiles and the overrides they resolve to."""
