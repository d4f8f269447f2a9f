"""Records of training made small: what a verdict rests on, in a few kilobytes of NumPy arrays, and read back.

`python -m checks.recorded FOLDER COUNT FILE` makes one file of the first records that `checks.verdicts` kept.
"""

import json
import sys
from pathlib import Path

import numpy as np
import xarray as xr

from checks.truths import Case
from saddlery.analysis.outcome import Local
from saddlery.analysis.record import Record, facts
from saddlery.analysis.sample_quality import References
from saddlery.analysis.verdict import verdict_of

SERIES, AXES, RECORDS = np.float16, 6, 100  # of GANs: precision, principal axes of each player's path, and records kept
LONG, EVERY = 400, 4  # records of other games, beyond which only so many are kept


def packed(case: Case, records: list[Record]) -> dict[str, np.ndarray]:
    """The records of a case as arrays, that of a second trial run under names of their own."""
    return {
        ("again/" if i else "") + name: value
        for i, each in enumerate(records)
        for name, value in _packed(case, each).items()
    }


def _packed(case: Case, record: Record) -> dict[str, np.ndarray]:
    """A record as arrays: paths of many parameters in the few axes in which they move most."""
    path = record.path
    many = path.sizes.get("axis", 0) > 2 * AXES
    if many:
        path = path.isel(step=slice(None, None, max(1, -(-len(path["step"]) // RECORDS))))
    kept = {"step": path["step"].values.astype(np.int32)}
    for name, each in path.data_vars.items():
        if each.dims[:1] != ("step",):
            continue
        if name == "position":
            kept["position"], kept["generator_axes"] = _position(path, many)
        else:
            kept[str(name)] = _small(each.values)
    before = {} if record.history is None else {
        f"before_{name}": _small(each.values)
        for name, each in record.history.data_vars.items()
        if each.dims == ("step",) and each.dtype.kind in "fiu"
    }  # fmt: skip
    if record.history is not None:
        before["before_step"] = record.history["step"].values.astype(np.int32)
    own = {
        "sizes": np.array(record.sizes), "references": np.array(record.references), "fading": np.array(record.fading),
        "numbers": np.array([record.scale, record.field_scale, record.diverged_at, record.lost]),
        "texts": np.array([case.name, case.fate, case.also, record.measure]),
    }  # fmt: skip
    if record.distances is not None:
        own["distances"] = np.array(record.distances)
    if record.offset is not None:
        own["offset"] = record.offset
    if record.local is not None:
        own["local"] = np.array(record.local, float)
    return kept | before | own


def _small(values: np.ndarray) -> np.ndarray:
    """Numbers of half precision, where these hold them; whole ones as they are."""
    if values.dtype.kind in "iu":
        return values.astype(np.int16) if np.abs(values).max(initial=0) < 2**15 else values.astype(np.int32)
    with np.errstate(over="ignore", under="ignore"):
        small = values.astype(SERIES)
    fits = np.isfinite(small) == np.isfinite(values)
    exact = np.abs(values) > 1e-4
    return small if fits.all() and (exact | (values == 0) | ~np.isfinite(values)).all() else values.astype(np.float32)


def _position(path: xr.Dataset, many: bool) -> tuple[np.ndarray, np.ndarray]:
    """The positions, of many axes in their principal ones, the generator's first."""
    positions = path["position"].values.astype(float)
    of_generator = int(path.attrs.get("generator_axes", positions.shape[1] // 2))
    if not many:
        return positions.astype(np.float32), np.array(of_generator)
    parts = []
    for part in (positions[:, :of_generator], positions[:, of_generator:]):
        left, strengths, _ = np.linalg.svd(part - part[:1], full_matrices=False)
        parts.append((left * strengths)[:, :AXES])
    return np.concatenate(parts, 1).astype(SERIES), np.array(parts[0].shape[1])


def unpacked(held: dict[str, np.ndarray]) -> tuple[list[Record], str, str, str]:
    """The records of a case read back, with its name, its fate, and the fates that it passes through first."""
    first = _unpacked({key: value for key, value in held.items() if not key.startswith("again/")})
    other = {key.removeprefix("again/"): value for key, value in held.items() if key.startswith("again/")}
    return [first[0], *([_unpacked(other)[0]] if other else [])], *first[1:]


def _unpacked(held: dict[str, np.ndarray]) -> tuple[Record, str, str, str]:
    """A record read back, with what is known of it."""
    name, fate, also, measure = map(str, held["texts"])
    own = {
        "step",
        "sizes",
        "references",
        "fading",
        "numbers",
        "texts",
        "distances",
        "offset",
        "local",
        "generator_axes",
    }
    axes = {"position": ("step", "axis"), "counts": ("step", "mode")}
    series = {key: held[key] for key in held if key not in own and not key.startswith("before_")}
    path = xr.Dataset(
        {key: (axes.get(key, ("step",)), _wide(value)) for key, value in series.items()}, {"step": held["step"]}
    )
    path.attrs["generator_axes"] = int(held["generator_axes"]) if "generator_axes" in held else 0
    history = None
    if "before_step" in held:
        before = {key.removeprefix("before_"): held[key] for key in held if key.startswith("before_")}
        history = xr.Dataset(
            {key: ("step", _wide(value)) for key, value in before.items() if key != "step"}, {"step": before["step"]}
        )
    scale, field_scale, diverged_at, lost = map(float, held["numbers"])
    local = Local(float(held["local"][0]), float(held["local"][1]), bool(held["local"][2])) if "local" in held else None
    return (
        Record(
            path, history, tuple(map(float, held["sizes"])), measure, References(*map(float, held["references"])),
            References(*map(float, held["distances"])) if "distances" in held else None, held.get("offset"), scale,
            local, tuple(map(float, held["fading"])), field_scale, int(diverged_at), int(lost),
        ),
        name, fate, also,
    )  # fmt: skip


def _wide(values: np.ndarray) -> np.ndarray:
    return values if values.dtype.kind in "iu" else values.astype(float)


def write(folder: Path, count: int, path: Path) -> None:
    """Make one file of the first `count` records of a folder; of long ones a quarter, where that tells all."""
    texts, parts = [], []
    for name in [f"{i:04}.npz" for i in range(count)]:
        with np.load(folder / name) as held:
            arrays = _thinned({key: held[key] for key in held})
        texts.append([[key, each.dtype.str, each.shape] for key, each in arrays.items()])
        parts += [np.ascontiguousarray(each).tobytes() for each in arrays.values()]
    blob, head = (np.frombuffer(each, np.uint8) for each in (b"".join(parts), json.dumps(texts).encode()))
    np.savez_compressed(path, head=head, blob=blob)


def _thinned(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Long records with every fourth step, unless the verdict changes with it."""
    count = len(arrays["step"])
    if count <= LONG:
        return arrays
    thin = {key: each[::EVERY] if each.shape[:1] == (count,) else each for key, each in arrays.items()}
    same = len({verdict_of([*map(facts, unpacked(each)[0])]).word for each in (arrays, thin)}) == 1
    return thin if same else arrays


def read(path: Path) -> list[tuple[list[Record], str, str, str]]:
    """The records that a file holds, each with its name, its fate, and the fates that it passes through first."""
    with np.load(path) as held:
        texts, blob = json.loads(held["head"].tobytes()), held["blob"].tobytes()
    found, at = [], 0
    for each in texts:
        arrays = {}
        for key, kind, shape in each:
            size = np.dtype(kind).itemsize * int(np.prod(shape))
            arrays[key] = np.frombuffer(blob[at : at + size], kind).reshape(shape)
            at += size
        found.append(unpacked(arrays))
    return found


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
