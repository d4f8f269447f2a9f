"""Measures of generated samples: modes, distances, quality, inversion, likelihood; and probes that record them."""

from saddlery.metrics.classes import ClassCoverage, class_coverage, coverage_of_counts, perfect_classes
from saddlery.metrics.classifier import Classifier, classifier
from saddlery.metrics.colours import colour_divergence, perfect_colours
from saddlery.metrics.contrastive import Contrastive, contrastive
from saddlery.metrics.controls import Identity
from saddlery.metrics.distances import median_distance, mmd, mmd_squared, sliced_wasserstein
from saddlery.metrics.features import penultimate
from saddlery.metrics.image_features import Features
from saddlery.metrics.inception import Inception, inception
from saddlery.metrics.inversion import Inversion, invert, log_prior
from saddlery.metrics.likelihood import Likelihood, log_likelihood
from saddlery.metrics.linear_probe import LinearProbe, linear_probe
from saddlery.metrics.modes import (
    Divergences,
    Expected,
    ModeCoverage,
    histogram_divergences,
    mode_coverage,
    perfect_sampler,
)
from saddlery.metrics.pairwise import noise_like, pairwise_distances
from saddlery.metrics.probes import Distances, Losses, Modes, Probe, Samples, pixels
from saddlery.metrics.scores import (
    DensityCoverage,
    PrecisionRecall,
    Score,
    density_coverage,
    frechet_distance,
    inception_score,
    kernel_distance,
    precision_recall,
)
from saddlery.metrics.smoothness import JacobianNorms, jacobian_norms
from saddlery.metrics.suited import perfect, probes
from saddlery.metrics.support import Support, real_threshold, support_size

__all__ = [
    "ClassCoverage",
    "Classifier",
    "Contrastive",
    "DensityCoverage",
    "Distances",
    "Divergences",
    "Expected",
    "Features",
    "Identity",
    "Inception",
    "Inversion",
    "JacobianNorms",
    "Likelihood",
    "LinearProbe",
    "Losses",
    "ModeCoverage",
    "Modes",
    "PrecisionRecall",
    "Probe",
    "Samples",
    "Score",
    "Support",
    "class_coverage",
    "classifier",
    "colour_divergence",
    "contrastive",
    "coverage_of_counts",
    "density_coverage",
    "frechet_distance",
    "histogram_divergences",
    "inception",
    "inception_score",
    "invert",
    "jacobian_norms",
    "kernel_distance",
    "linear_probe",
    "log_likelihood",
    "log_prior",
    "median_distance",
    "mmd",
    "mmd_squared",
    "mode_coverage",
    "noise_like",
    "pairwise_distances",
    "penultimate",
    "perfect",
    "perfect_classes",
    "perfect_colours",
    "perfect_sampler",
    "pixels",
    "precision_recall",
    "probes",
    "real_threshold",
    "sliced_wasserstein",
    "support_size",
]
