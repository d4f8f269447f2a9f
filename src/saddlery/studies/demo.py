"""The demonstration: a ring of Gaussians on which methods differ, and real handwritten digits."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from saddlery.experiments import execution
from saddlery.experiments.experiment import Experiment

# The settings, a column for each scale. Steps are what a method is given, not what it needs.
SCALES = ("full", "small")
RING = {
    "game": "ring(preset='unrolled-paper', noise=64, batch=128)",
    "methods": ("simultaneous", "alternating", "consensus(gamma=1.0)", "unrolled(steps=10)"),
    "generator_optimiser": "adam(learning_rate=1e-3, b1=0.5)",
    "discriminator_optimiser": "adam(learning_rate=1e-3, b1=0.5)",
    "steps": {"full": 10_000, "small": 300},
    "every": {"full": 200, "small": 20},
    "seeds": {"full": 4, "small": 4},
    "title": "A ring of eight Gaussians",
    "note": "The ring of the unrolled paper's text with ten times its learning rate, a quarter of its noise dimensions "
    "and of its batch, so that four methods with four seeds each take minutes. All methods have the same networks, "
    "optimisers and seeds.",
}
DIGITS = {
    "game": "digits",
    "methods": ("simultaneous", "unrolled(steps=5)"),
    "steps": {"full": 3000, "small": 200},
    "every": {"full": 100, "small": 40},
    "seeds": {"full": 4, "small": 2},
    "samples": 1000,
    "title": "Handwritten digits",
    "note": "Scikit-learn's 1,797 digits of 8×8 pixels. There are no modes to count, so samples are compared with real "
    "ones by distance.",
}
FOLDERS = {"ring": RING, "digits": DIGITS}


def experiments(scale: str = "full") -> list[Experiment]:
    """The demonstration's experiments, for `scale` `"full"` or `"small"`."""
    return [
        Experiment(
            **{name: value[scale] if isinstance(value, dict) else value for name, value in settings.items()},
            command="saddlery demo" if scale == "full" else f"saddlery demo --scale {scale}",
        )
        for settings in FOLDERS.values()
    ]


def folders(folder: Path, scale: str = "full") -> dict[Path, Experiment]:
    """The folders of the experiments, below `folder`, with each experiment."""
    return {Path(folder) / name: each for name, each in zip(FOLDERS, experiments(scale), strict=True)}


def run(folder: Path, scale: str = "full", progress: Callable | None = None) -> list[Any]:
    """Run the experiments of the demonstration, going on with what is there.

    **Arguments:** `folder` holds a folder for each; `progress` is that of `execution.run`.

    **Returns:** their results, an `xarray.Dataset` each.
    """
    return [
        execution.run(each, path, resume=True, on_progress=progress) for path, each in folders(folder, scale).items()
    ]
