"""Experiments: every combination of games, methods and numbers, placed on cores, devices and machines."""
