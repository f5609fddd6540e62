"""The main job of the quick start: a fleet on this machine, end to end."""
