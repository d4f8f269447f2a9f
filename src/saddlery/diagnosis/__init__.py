"""Diagnosis of training: a verdict in a word with the numbers behind it, and what training confirms would help."""

from saddlery.analysis.outcome import Outcome, Verdict
from saddlery.diagnosis.diagnosis import Diagnosis, diagnose

__all__ = ["Diagnosis", "Outcome", "Verdict", "diagnose"]
