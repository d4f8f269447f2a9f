"""Diagnosis of training: a verdict in a word with the numbers behind it, and what training confirms would help."""

from saddlery.diagnosis.diagnosis import Diagnosis, diagnose
from saddlery.diagnosis.verdict import WORDS

__all__ = ["WORDS", "Diagnosis", "diagnose"]
