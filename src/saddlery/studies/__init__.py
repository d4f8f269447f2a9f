"""Studies: published experiments repeated, a directory each, and the demonstration."""
