"""Dynamics: spectra, and paths from one position to another."""

from saddlery.dynamics.jacobian import Jacobian, jacobian
from saddlery.dynamics.path import Path, path
from saddlery.dynamics.spectrum import Spectra, Spectrum, spectrum

__all__ = ["Jacobian", "Path", "Spectra", "Spectrum", "jacobian", "path", "spectrum"]
