"""Runs: their keys, the training loop over runs side by side, what it records, and checkpoints."""
