"""Random keys of runs: one for each seed, and from each one for the initial players, the steps and the measurements."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from saddlery.errors import InvalidType
from saddlery.text.arguments import quoted, whole
from saddlery.types import Key


class RunKeys(NamedTuple):
    """The three keys of a run.

    - `init`: of the initial players; `steps`: folded with a step's number, of that step; `probes`: of every record,
      which so sees the same noise and the same real samples each time.
    """

    init: Key
    steps: Key
    probes: Key

    @classmethod
    def of(cls, key: Key) -> "RunKeys":
        """The three keys of the run with this key: `jax.random.split(key, 3)`."""
        return cls(*jax.random.split(key, 3))


class SeedKeys(Sequence):
    """The keys of runs that differ in their seeds only, run i's being `jax.random.fold_in(key, i)`, when needed."""

    def __init__(self, key: Key, seeds: int):
        self.key, self.seeds = key, seeds

    def __len__(self) -> int:
        return self.seeds

    def __getitem__(self, seed: Any) -> Any:
        if not 0 <= seed < self.seeds:
            raise IndexError(seed)
        return jax.random.fold_in(self.key, seed)


def as_key(key: Key | int) -> Key:
    """A `jax.random.key`, from one or from its seed number.

    **Raises:** `TypeError` for anything else; `ValueError` for a number out of range.
    """
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        return jax.random.key(whole("key", key, 0, 2**32 - 1))
    kind = getattr(key, "dtype", None)
    if kind is None or not jax.numpy.issubdtype(kind, jax.dtypes.prng_key) or np.shape(key) != ():
        raise InvalidType(f"key: got {quoted(key)}, expected a whole number or a jax.random.key(…)")
    return key  # type: ignore[return-value]


def key_text(key: Key) -> str:
    """A `jax.random.key` as text, which `key_from_text` reads.

    >>> key_text(jax.random.key(7))
    'threefry2x32 [0, 7]'
    """
    return f"{jax.random.key_impl(key)} {np.asarray(jax.random.key_data(key)).tolist()}"


def key_from_text(text: str) -> Key:
    """A `jax.random.key` from the text of `key_text`.

        >>> jax.random.key_data(key_from_text("threefry2x32 [0, 7]")).tolist()
        [0, 7]

    **Raises:** `ValueError` for any other text.
    """
    kind, _, data = text.partition(" ")
    return jax.random.wrap_key_data(jax.numpy.array(json.loads(data), jax.numpy.uint32), impl=kind)
