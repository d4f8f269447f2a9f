"""Checkpoints of one run: arrays by Orbax, whole or not at all, verified when read."""

import hashlib
import json
import shutil
import threading
import warnings
from pathlib import Path
from typing import Any

import jax
import numpy as np

from saddlery import storage

KEPT = 2  # the newest, and the one before it in case the newest is damaged
_one_at_a_time = threading.Lock()  # Orbax's asynchronous machinery is shared by the process


def save(folder: Path, step: int, tree: Any) -> None:
    """Write `tree` as the checkpoint of `step`; older ones than the last two go once it is there.

    **Raises:** `OSError` when it cannot be written; the checkpoints before it are untouched.
    """
    leaves = {f"{i:05d}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(tree))}
    try:
        with _one_at_a_time, storage.folder(folder / f"step-{step:09d}") as beside:
            _checkpointer().save((beside / "arrays").absolute(), leaves)
            (beside / "digests.json").write_text(json.dumps(_digests(beside), indent=1))
    except Exception as error:  # Orbax and TensorStore have many names for a full disk
        raise OSError(
            f"the checkpoint of step {step} could not be written to {folder}: {_first_line(error)}"
        ) from error
    for old in _newest_first(folder)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def restore(folder: Path, like: Any) -> Any:
    """The newest checkpoint that is whole, in the structure of `like`, or `None` when there is none.

    A damaged one is named in a warning, and the one before it is used.

    **Raises:** `ValueError` when a whole checkpoint is of another game or method: its arrays are not those of `like`.
    """
    for path in _newest_first(folder):
        try:
            recorded = json.loads((path / "digests.json").read_text())
            changed = [name for name, digest in _digests(path).items() if recorded.pop(name, None) != digest]
            if changed or recorded:
                raise ValueError(f"{', '.join([*changed, *recorded])} changed since it was written")
            with _one_at_a_time:
                leaves = _checkpointer().restore((path / "arrays").absolute())
        except Exception as error:
            warnings.warn(
                f"the checkpoint {path} is damaged ({_first_line(error)}); using the one before it", stacklevel=2
            )
            continue
        structure = jax.tree.structure(like)
        if len(leaves) != structure.num_leaves:
            raise ValueError(
                f"the checkpoint {path} holds {len(leaves)} arrays where this game and method have "
                f"{structure.num_leaves}: it is of another game or method"
            )
        return jax.tree.unflatten(structure, [leaves[name] for name in sorted(leaves)])
    return None


def _checkpointer() -> Any:
    """Orbax's, which does not wait for the other processes where there are several."""
    from orbax.checkpoint import Checkpointer, PyTreeCheckpointHandler, options  # takes long to load

    alone, mine = options.MultiprocessingOptions(), jax.process_index()
    if jax.process_count() > 1:
        alone = options.MultiprocessingOptions(mine, {mine}, f"process-{mine}")
    return Checkpointer(PyTreeCheckpointHandler(multiprocessing_options=alone), multiprocessing_options=alone)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), reverse=True)


def _digests(folder: Path) -> dict[str, str]:
    """The SHA-256 of every file below a folder but the list of digests itself."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "digests.json"
    }


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
