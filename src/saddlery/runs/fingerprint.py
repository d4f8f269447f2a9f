"""Fingerprints: what a run's numbers depend on, written beside them and compared whenever they are opened."""

import hashlib
import os
import platform
import re
import warnings
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from saddlery._system.cores import usable_cores
from saddlery.data.shards import Shards
from saddlery.errors import InvalidValue
from saddlery.game import Foreign
from saddlery.records.storage import sealed, sha256
from saddlery.runs.identity import code, parts, unlocated
from saddlery.runs.keys import key_text
from saddlery.text.arguments import differences, plain
from saddlery.types import Key

if TYPE_CHECKING:
    from saddlery.runs.cell import Cell

PACKAGES = ("saddlery", "jax", "jaxlib", "optax", "numpy")  # whose versions may change bits


def fingerprint(description: Mapping[str, Any], games: Mapping[str, Any]) -> dict[str, Any]:
    """The fingerprint of a computation, in JSON's types.

    - `description`: what was asked for; `data`: for each game the digest of its arrays and its structure;
      `precision`: of JAX's numbers; `parts`, `code`: of the games, as `saddlery.runs.identity` has them, the code to
      be compared under one Python only, which compiles it. Where these differ it is another run.
    - `threads`, `device`, `versions`: where they differ, numbers may agree to rounding only.

    **Arguments:** `games` by what the description calls them.
    """
    kinds = [name.partition("(")[0] for name in games]
    short = dict(zip(games, kinds if len(set(kinds)) == len(kinds) else games, strict=True))
    return {
        "description": dict(description),
        "data": {name: digest(game) for name, game in games.items()},
        "parts": {part: said for name, game in games.items() for part, said in parts(game, short[name]).items()},
        "code": code(list(games.values())),
        "precision": "float64" if jax.config.read("jax_enable_x64") else "float32",
        "threads": int(os.environ.get("PJRT_NPROC") or 0) or usable_cores(),
        "device": jax.devices()[0].device_kind,
        "versions": {name: _version(name) for name in PACKAGES} | {"Python": platform.python_version()},
    }


def compare(what: str, held: Mapping[str, Any], now: Mapping[str, Any], *, warn: bool = True) -> None:
    """Compare the fingerprint that something was written with to that of the runs that go on with it.

    **Arguments:** `what` names where `held` was found, for the error; `warn`: warn of what changes bits only.

    **Raises:** `ValueError` naming what differs in the description, the data, the game, its code or the precision.
    """
    if held.get("precision") != now["precision"]:
        raise InvalidValue(
            f"{plain(what)} was computed in {held.get('precision')}, JAX is now set to {now['precision']}; "
            "set jax_enable_x64 as it was"
        )
    odd = _odd(held["parts"], now["parts"]) if held.get("parts") and now.get("parts") else []
    if other := differences(held.get("description") or {}, now["description"]):
        more = [each for each in other if not (odd and each.startswith("game there: "))]
        raise InvalidValue(f"{plain(what)} is of another run: {'; '.join([*more, *odd][:3])}")
    if held.get("data") != now["data"] or odd:
        names = [name for name, found in now["data"].items() if (held.get("data") or {}).get(name) != found]
        named = [f"{plain(', '.join(names))} is not what it was"] if names else []
        raise InvalidValue(
            f"{plain(what)} was computed on other data, or another game: {'; '.join([*named, *odd][:4])}; put the "
            "data back, or begin anew in another folder"
        )
    if _python(held) == _python(now) and "code" in held and (changed := _odd(held["code"], now["code"])):
        names = ", ".join(each.partition(" there: ")[0] for each in changed[:3])
        raise InvalidValue(
            f"{plain(what)} was computed by other code: {names} {'is' if len(changed) == 1 else 'are'} not what it "
            "was; put it back, or begin anew in another folder"
        )
    changed = [
        f"{name} {_said(held.get(name))}, now {_said(now[name])}"
        for name in ("threads", "device", "versions")
        if held.get(name) != now[name]
    ]
    if changed and warn:
        warnings.warn(
            f"{plain(what)} was begun with {'; '.join(changed)}: its numbers go on, but perhaps not to the same bits",
            stacklevel=3,
        )


def cell_identity(cell: "Cell", every: int | None, of_game: str | None = None) -> dict[str, Any]:
    """The fingerprint of a `saddlery.runs.cell.Cell`'s runs but for their keys.

    **Arguments:** `of_game`: the digest of its game, where it is known already.
    """
    description = {
        "every": every,
        "average": cell.average,
        "probes": sorted(cell.probes),
        "game": words(cell.game),
        "method": words(cell.method, short_arrays=False),
    }
    if of_game:
        return fingerprint(description, {}) | {"data": {"game": of_game}}
    return fingerprint(description, {"game": cell.game}) | {"code": code((cell.game, cell.method))}


def run_identity(cell: "Cell", key: Key) -> dict[str, Any]:
    """The fingerprint that a run's checkpoints are written with; none where its cell has none."""
    if cell.identity is None:
        return {}
    shared = cell.identity()
    return shared | {"description": shared["description"] | {"key": key_text(key)}}


def digest(tree: object) -> str:
    """The SHA-256 of a pytree: its structure in words, and the bytes of all its arrays.

    Images that are read from a file in shards count by that file. A game that is no pytree counts by its arrays and
    what it says of itself.
    """
    found = hashlib.sha256(words(tree).encode())
    for leaf in jax.tree.leaves(tree, is_leaf=lambda node: isinstance(node, Shards | Foreign)):
        if isinstance(leaf, Shards):
            found.update(_of_file(Path(leaf.path)).encode())
        elif isinstance(leaf, Foreign):
            for each in jax.tree.leaves(getattr(leaf.game.held, "__dict__", ())):
                _add(found, each)
        else:
            _add(found, leaf)
    return found.hexdigest()


def words(tree: object, short_arrays: bool = True) -> str:
    """A pytree as text that is the same in another process and folder: no addresses, modules, or paths of files.

    **Arguments:** `short_arrays`: only types and shapes of arrays, not what they hold.
    """
    text = unlocated(eqx.tree_pformat(tree, short_arrays=short_arrays), tree)
    return re.sub(r"path='[^']*\.npy'", "path='…'", re.sub(r" at 0x[0-9a-fA-F]+", "", text))


def _add(found: Any, leaf: Any) -> None:
    """Add an array's bytes to a digest; what is no array is in words already."""
    if not hasattr(leaf, "dtype"):
        return
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        leaf = jax.random.key_data(leaf)
    found.update(np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data)


def _of_file(path: Path) -> str:
    """The digest of a file of images: as its seal has it, or of its bytes."""
    return (sealed(path.parent) or {}).get(path.name) or sha256(path)


def _odd(was: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """The parts of games that differ, in words."""
    return [
        f"{plain(name, 80)} there: {plain(was.get(name, 'nothing'), 60)}, here: {plain(now.get(name, 'nothing'), 60)}"
        for name in dict.fromkeys([*now, *was])
        if was.get(name) != now.get(name)
    ]


def _python(held: Mapping[str, Any]) -> str:
    """The Python of a fingerprint, without its last number."""
    return str((held.get("versions") or {}).get("Python")).rpartition(".")[0]


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown"


def _said(value: Any) -> str:
    """A part of a fingerprint in words."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return plain(value, 80)
