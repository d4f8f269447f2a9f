"""Convergence rates: by what a step multiplies the distance to an equilibrium, below 1 where training converges."""

NEUTRAL = 1e-6  # within which of 1 a predicted rate says neither
