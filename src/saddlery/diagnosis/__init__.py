"""Diagnosis: why training goes as it does, in a word with numbers behind it, and what training confirms would help."""

from saddlery.diagnosis.diagnosis import Diagnosis, diagnose
from saddlery.diagnosis.verdict import WORDS

__all__ = ["WORDS", "Diagnosis", "diagnose"]
