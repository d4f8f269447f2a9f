"""Studies: published experiments made again, a directory each, and the demonstration."""
