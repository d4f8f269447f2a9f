"""A worker of an experiment that another process leads: it completes some cells, from a description alone."""

import functools
import json
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax

from saddlery import plugins
from saddlery._system.allocator import keep_memory
from saddlery.experiments.built import BuiltExperiment, prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.claimed import store_of
from saddlery.experiments.completion import complete
from saddlery.experiments.experiment import Experiment
from saddlery.records.claims import RUN
from saddlery.text.call import parse


def run_worker(
    described: str,
    folder: str,
    checkpoint_seconds: float,
    indices: Sequence[int],
    *,
    cores: int | None = None,
    on_progress: Callable[[str, Any], bool],
) -> None:
    """Complete some cells of an experiment that another process leads.

    Runs are checkpointed where the experiment's folder is seen from here, and begin anew where it is not.

    **Arguments:**
    - `described`: the experiment and the sources of its plugins, in JSON; `folder`: its folder; as in the leading
      process.
    - `indices`: which cells; those that are in the store already are left out.
    - `cores`: how many cores to use.
    - `on_progress`: called with a setting's label and a `Progress`, from training's threads; returns whether to stop.

    **Raises:** `OSError` when the store is not seen from here, or cannot be written.
    """
    built = _rebuilt(described)
    store = store_of(built.experiment.store, folder, built.experiment.store)  # which the leading process was given
    if store.description() is None:
        raise OSError(
            f"{store.address} is not there on {socket.gethostname()}, a worker; keep it on a file system that all "
            "machines share, or at an address such as --store s3://bucket/name.zarr"
        )
    if jax.default_backend() == "cpu":
        keep_memory()

    def progress(_, label, report):
        if on_progress(label, report):
            cells[0].stop.set()

    seen = Path(folder) if (Path(folder) / RUN).is_file() else None
    cells = cells_of(built, seen, progress, checkpoint_seconds)
    finished = set(store.finished())
    if left := [cells[index] for index in indices if index not in finished]:
        complete(left, store, cores=cores)


@functools.lru_cache(maxsize=1)
def _rebuilt(described: str) -> BuiltExperiment:
    """An experiment from its description, built: once for all tasks of a worker, whose programs stay compiled."""
    held = json.loads(described)
    for name, source in held["plugins"].items():
        plugins.load_source(name, source)
    placed = {text: parse(call) for text, call in held["placed"].items()}
    return prepare(Experiment(**held["experiment"]), placed=placed)
