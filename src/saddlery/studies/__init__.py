"""Studies: published experiments, and the demonstration, one file each."""
