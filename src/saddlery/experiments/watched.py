"""The records of a training that was watched in PyTorch, as a dataset like that of any run."""

from pathlib import Path

import numpy as np
import xarray as xr

from saddlery.analysis.measures import described
from saddlery.analysis.series_rows import ended
from saddlery.errors import NotFound
from saddlery.records import description
from saddlery.records.live import read_live
from saddlery.records.watched import RECORDS, UNNAMED
from saddlery.text.arguments import plain

WORDS = {  # by what is drawn beside losses and norms
    "separation": "Separation",
    "spread": "Spread of samples",
    "nearest": "Nearest neighbours",
}


def is_watched(folder: Path) -> bool:
    """Whether a folder holds a training that was watched."""
    return description.read(folder).kind == "watched"


def watched(folder: Path) -> xr.Dataset:
    """The records of a watched training, with a `setting` and a `seed` of one each; all that there are so far.

    `diverged_at` is the first record from which on no gradient of a player was finite.

    **Raises:** `FileNotFoundError` when there is no record; `Damaged` when they were changed.
    """
    about = description.read(folder)
    held = read_live(folder / RECORDS) if (folder / RECORDS).is_file() else None
    if held is None or not len(held.steps):
        raise NotFound(f"{plain(folder)} holds no records yet: a watch writes them once it has some")
    title = str(about.what.get("title", UNNAMED))
    numbers = {name: each for name, each in held.values.items() if each.ndim == 1}
    variables = {
        name: (("setting", "seed", "step"), each[None, None].astype(float), described(name) | _kind(name))
        for name, each in numbers.items()
    }
    lost = [each == 1 for name, each in numbers.items() if name.endswith("_not_finite")]
    left = np.logical_or.reduce(lost) if lost else np.zeros(len(held.steps), bool)
    first = ended(~left)
    seconds = float(held.seconds[-1])
    pace = (held.steps[-1] - held.steps[0]) / seconds if seconds > 0 else np.nan
    return xr.Dataset(
        {
            **variables,
            "game": ("setting", ["a loop in PyTorch"]),
            "diverged_at": (("setting", "seed"), [[int(held.steps[first]) if first < len(left) else -1]]),
            "steps_per_second": (("setting", "seed"), [[pace]]),
            "finished": ("setting", [True]),
        },
        {"setting": [title], "method": ("setting", [title]), "seed": [0], "step": held.steps},
        attrs={
            "ignore": " ".join(map(str, about.what.get("ignore", []))),
            "game": "a loop in PyTorch", "command": "", "title": title, "note": "", "steps": int(held.steps[-1]),
            "every": int(about.what.get("every", 50)), "key": "", "versions": f"saddlery {about.version}", "cells": 1,
        },
    )  # fmt: skip


def _kind(name: str) -> dict[str, str]:
    """The part of a measure's description that tells what is drawn."""
    if name in WORDS:
        return {"kind": "training", "title": WORDS[name]}
    return {} if name.endswith(("_loss", "_norm")) else {"kind": "detail"}
