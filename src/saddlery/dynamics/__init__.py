"""Dynamics of games: spectra, vector fields of two numbers, stability, and paths from one position to another."""

from saddlery.dynamics.field import field
from saddlery.dynamics.jacobian import Jacobian, jacobian
from saddlery.dynamics.path import Path, path
from saddlery.dynamics.positions import Positions
from saddlery.dynamics.spectrum import Spectra, Spectrum, spectrum

__all__ = ["Jacobian", "Path", "Positions", "Spectra", "Spectrum", "field", "jacobian", "path", "spectrum"]
