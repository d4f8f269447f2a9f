"""Checkpoints of one run: arrays by Orbax, whole or not at all, verified when read."""

import contextlib
import json
import os
import secrets
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np

from saddlery._system.files import read_json
from saddlery.errors import Damaged, InvalidValue
from saddlery.records import storage
from saddlery.runs import fingerprint
from saddlery.text.arguments import first_line, plain

T = TypeVar("T")

KEPT = 2  # the newest, and the one before it in case the newest is damaged
FINGERPRINT = "fingerprint.json"
_one_at_a_time = threading.Lock()  # Orbax's asynchronous machinery is shared by the process


def save(
    folder: Path, step: int, tree: object, identity: Mapping[str, Any] | None = None, *, again: bool = False
) -> None:
    """Save `tree` as the checkpoint of `step`; older ones than the last two are deleted once it is there.

    **Arguments:**
    - `identity`: the run's fingerprint, which `restore` compares.
    - `again`: read it back and compare it, as is done with a first one, before more is computed that could not be kept.

    **Raises:** `OSError` when it cannot be written, or read back; the checkpoints before it are untouched.
    """
    leaves = {f"{i:05d}": np.asarray(leaf) for i, leaf in enumerate(jax.tree.leaves(tree))}
    path = folder / f"step-{step:09d}"
    _put_aside(path)
    try:
        with _one_at_a_time, storage.folder(path) as beside:
            with _literal(beside) as seen:
                _checkpointer().save(seen / "arrays", leaves)
            (beside / FINGERPRINT).write_text(json.dumps(dict(identity or {}), indent=1))
        if again:
            found = _read(path)
            if found.keys() != leaves.keys() or any(_bits(found[name]) != _bits(leaves[name]) for name in leaves):
                raise OSError("what was read back is not what was written")
    except Exception as error:  # Orbax and TensorStore have many names for a full disk
        raise OSError(
            f"the checkpoint of step {step} could not be written to {plain(folder)}: {first_line(error)}"
        ) from error
    for old in _newest_first(folder)[KEPT:]:
        with contextlib.suppress(OSError):  # somebody keeps something in it
            storage.remove(old)


def _put_aside(path: Path) -> None:
    """Give another name to a checkpoint in the way that is so damaged that it no longer says what is in it."""
    if os.path.lexists(path) and storage.inventory(path).foreign:
        aside = path.with_name(f"damaged-{path.name}-{secrets.token_hex(4)}")
        os.replace(path, aside)
        warnings.warn(f"the checkpoint {plain(path)} was damaged and is now {plain(aside.name)}", stacklevel=3)


def restore(folder: Path, like: T, identity: Mapping[str, Any] | None = None, *, beginning: bool = False) -> T | None:
    """Restore the newest checkpoint that is whole, in the structure of `like`; `None` when there is none.

    A damaged one is named in a warning, and the one before it is used.

    **Arguments:** `identity`: the fingerprint of the run that is to go on; without one, none is compared. `beginning`:
    whether `like` is only the beginning of what was saved.

    **Raises:** `ValueError` when a whole checkpoint is of another run: its fingerprint, or its arrays, are not those.
    """
    for path in _newest_first(folder):
        try:
            storage.verify(path)
            held, leaves = read_json(path / FINGERPRINT, "fingerprint"), _read(path)
        except Exception as error:  # Orbax and TensorStore have many names for what is damaged
            said = f"the checkpoint {plain(path)} is damaged ({first_line(error)}); using the one before it"
            warnings.warn(said, stacklevel=2)
            continue
        if identity:
            fingerprint.compare(f"the checkpoint {path}", held, identity, warn=False)
        structure = jax.tree.structure(like)
        if len(leaves) != structure.num_leaves and not (beginning and len(leaves) > structure.num_leaves):
            raise InvalidValue(
                f"the checkpoint {plain(path)} holds {len(leaves)} arrays where this game and method have "
                f"{structure.num_leaves}: it is of another game or method"
            )
        return jax.tree.unflatten(structure, [leaves[name] for name in sorted(leaves)][: structure.num_leaves])
    return None


def _read(path: Path) -> dict[str, Any]:
    """A checkpoint's arrays."""
    with _one_at_a_time, _literal(path) as seen:
        found = _checkpointer().restore(seen / "arrays")
    if not isinstance(found, dict):
        raise Damaged("it holds no arrays by name")
    return found


@contextlib.contextmanager
def _literal(path: Path) -> Iterator[Path]:
    """A path that Orbax, which reads `[` in a path as the beginning of a pattern, takes as it is."""
    if "[" not in str(path.absolute()):
        yield path.absolute()
        return
    with tempfile.TemporaryDirectory(prefix="saddlery-") as place:
        link = Path(place) / "checkpoint"
        os.symlink(path.absolute(), link)
        yield link


def _bits(array: Any) -> tuple[Any, ...]:
    array = np.asarray(array)
    return array.shape, array.dtype, array.tobytes()


def _checkpointer() -> Any:
    """Orbax's, which does not wait for the other processes where there are several."""
    from orbax.checkpoint import Checkpointer, PyTreeCheckpointHandler, options  # takes long to load

    alone, mine = options.MultiprocessingOptions(), jax.process_index()
    if jax.process_count() > 1:
        alone = options.MultiprocessingOptions(mine, {mine}, f"process-{mine}")
    return Checkpointer(PyTreeCheckpointHandler(multiprocessing_options=alone), multiprocessing_options=alone)


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*"), reverse=True)
