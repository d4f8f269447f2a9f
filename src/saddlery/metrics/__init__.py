"""Measures of generated samples: modes covered, distances to real samples, and the probes recording them."""

from saddlery.metrics.distances import median_distance, mmd, mmd_squared, sliced_wasserstein
from saddlery.metrics.modes import (
    Divergences,
    Expected,
    ModeCoverage,
    histogram_divergences,
    mode_coverage,
    perfect_sampler,
)
from saddlery.metrics.probes import Distances, Losses, Modes, Probe, Samples, perfect, pixels, probes

__all__ = [
    "Distances",
    "Divergences",
    "Expected",
    "Losses",
    "ModeCoverage",
    "Modes",
    "Probe",
    "Samples",
    "histogram_divergences",
    "median_distance",
    "mmd",
    "mmd_squared",
    "mode_coverage",
    "perfect",
    "perfect_sampler",
    "pixels",
    "probes",
    "sliced_wasserstein",
]
