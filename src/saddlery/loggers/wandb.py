"""Records in Weights & Biases."""

import importlib.util
import json
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from saddlery._system.files import read_json
from saddlery.errors import InvalidValue
from saddlery.loggers.logger import LoggedRun, Logger, numbers
from saddlery.records import storage

GROUP = "wandb.json"  # in the folder of runs: by what Weights & Biases knows them again


def wandb(project: str = "saddlery", entity: str | None = None, mode: str | None = None) -> "WandbLogger":
    """A logger into Weights & Biases: a run there for each seed of each setting, in a group for all that are trained.

    It needs the package `wandb`, which is in the extra of that name. Its own settings and environment variables hold
    (`WANDB_MODE`, `WANDB_DIR`, …). Runs in a folder are known again when they are resumed, by `wandb.json` in it, and
    records that are there already are left out. Offline that cannot be known: a run that is resumed is written whole
    again, under the same id.

    **Arguments:** `project`, `entity`, `mode`: as of `wandb.init`.

    **Raises:** `ValueError` when the package is not installed.
    """
    if "wandb" not in sys.modules and importlib.util.find_spec("wandb") is None:
        raise InvalidValue('log: wandb is not installed; install it with: pip install "saddlery[wandb]"')
    return WandbLogger({"project": project, "entity": entity, "mode": mode})


class WandbLogger(Logger):
    """A logger into Weights & Biases; see `wandb`."""

    def __init__(self, settings: Mapping[str, Any]):
        self.settings = {name: value for name, value in settings.items() if value is not None}
        self.group, self.runs = "", {}

    def open(self, out: Path | None, settings: Sequence[str]) -> None:
        """Choose the group of the runs, or find the one that the folder has."""
        self.group, self.runs = secrets.token_hex(6), {}
        if out is None:
            return
        if (out / GROUP).is_file():
            held = read_json(out / GROUP, "group of runs")
            if isinstance(held, dict) and isinstance(held.get("group"), str):
                self.group = held["group"]
                return
        storage.write(out / GROUP, json.dumps({"group": self.group}) + "\n")

    def begin(self, run: LoggedRun, step: int) -> None:
        """Begin a run of theirs, or take up the one that is there."""
        self.runs[run] = importlib.import_module("wandb").init(
            **self.settings,
            id=f"{self.group}-{run.index}-{run.seed}",
            name=f"{run.setting}, seed {run.seed}",
            group=self.group,
            config={"setting": run.setting, "seed": run.seed, "steps": run.steps},
            resume="allow",
            reinit="create_new",
        )

    def log(self, run: LoggedRun, step: int, record: Mapping[str, np.ndarray]) -> None:
        """Log the numbers of a record, unless they are there already."""
        theirs = self.runs[run]
        if step >= theirs.step:  # of a run that is resumed, the step after the last that is there
            theirs.log(numbers(record), step=step)

    def end(self, run: LoggedRun, diverged_at: int) -> None:
        """Finish a run."""
        theirs = self.runs.pop(run)
        theirs.summary["diverged_at"] = diverged_at
        theirs.finish()

    def close(self) -> None:
        """Finish the runs that have not ended, which another process may take up."""
        for theirs in self.runs.values():
            theirs.finish()
        self.runs = {}
