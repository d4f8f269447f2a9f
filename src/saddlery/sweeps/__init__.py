"""Sweeps: every combination of some axes, placed on what computes, kept in one store."""
