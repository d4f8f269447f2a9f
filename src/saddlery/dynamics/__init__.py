"""Dynamics of games: spectra, kinds of critical points, vector fields of two numbers, stability, and paths."""

from saddlery.dynamics.critical_point import critical_point
from saddlery.dynamics.field import field
from saddlery.dynamics.jacobian import Jacobian, jacobian
from saddlery.dynamics.kind import CriticalPoint, Curvature, Kind, Rest
from saddlery.dynamics.path import Path, path
from saddlery.dynamics.positions import Positions
from saddlery.dynamics.spectrum import Spectra, Spectrum, spectrum

__all__ = [
    "CriticalPoint", "Curvature", "Jacobian", "Kind", "Path", "Positions", "Rest", "Spectra", "Spectrum",
    "critical_point", "field", "jacobian", "path", "spectrum",
]  # fmt: skip
