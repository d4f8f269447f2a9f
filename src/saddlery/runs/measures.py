"""Measures that are recorded when they are asked for by their names, `saddlery run --measure signals`."""

from collections.abc import Callable

from saddlery.runs.curvature import Curvature
from saddlery.runs.signals import Signals

MEASURES: dict[str, Callable] = {"curvature": Curvature(), "signals": Signals()}  # plugins add theirs
