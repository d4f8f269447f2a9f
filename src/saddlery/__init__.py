"""Saddlery: training of GANs and other two-player games, and why it converges, cycles, diverges or collapses.

Nothing heavy is loaded until it is used: each name below is imported from its module on first access.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Diagnosis": "diagnosis",
    "diagnose": "diagnosis",
    "Game": "game",
    "Pair": "types",
    "fixed": "game",
    "gradient_field": "game",
    "gradients": "game",
    "Method": "method",
    "Spectrum": "dynamics.spectrum",
    "critical_point": "dynamics.critical_point",
    "data_parallel": "sharding",
    "export_generator": "generators",
    "load_generator": "generators",
    "multipliers": "dynamics.stability",
    "spectrum": "dynamics.spectrum",
    "stable_step": "dynamics.stability",
    "optimiser": "optimisers",
    "Results": "results",
    "Run": "training",
    "load": "results",
    "load_plugin": "plugins",
    "sweep": "sweeping",
    "train": "training",
}
_MODULES = (
    "data", "dynamics", "games", "loggers", "losses", "methods", "metrics", "networks", "plots", "report", "rules",
    "schedules",
)  # fmt: skip

__all__ = [*_HOMES, *_MODULES]
__version__ = "0.2.0"


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        value = getattr(import_module(f"saddlery.{_HOMES[name]}"), name)
    elif name in _MODULES:
        value = import_module(f"saddlery.{name}")
    else:
        raise AttributeError(f"module 'saddlery' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__():
    return sorted({*globals(), *__all__})
