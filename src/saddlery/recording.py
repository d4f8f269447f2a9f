"""The history of runs: probes' records, and the labelled dataset they make."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from saddlery.analysis.measures import described
from saddlery.memory import available

OWN = ("diverged_at", "steps_per_second", "seed", "step")  # names of a history's own
WATCHED = ("generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm")  # finite, or it diverged
MOST = 10_000_000  # records of a run
AVERAGED = "averaged_"  # before the names of what is measured of the averaged generator


def rows(steps: int, every: int) -> list[int]:
    """The steps at which probes are taken: 0, every `every`-th, and the last.

    **Raises:** `ValueError` when they are more than ten million.
    """
    require_few(steps, every)
    return [*range(0, steps, every), steps]


def require_few(steps: int, every: int) -> None:
    """Refuse records that are too many to be kept as rows, before any list of them is made."""
    if steps // every > MOST:
        raise ValueError(f"every: got {every}, expected at least {-(-steps // MOST)}, for at most {MOST:,} records")


def take(probes: Mapping[str, Callable], game: Any, players: Any, average: Any, key: Any) -> dict[str, np.ndarray]:
    """One record: each variable's value at these players, and with the averaged generator in the generator's place.

    **Raises:** `ValueError` when two probes record a variable of one name, or one of the history's own.
    """
    record = {}
    views = {"": players} if average is None else {"": players, AVERAGED: players._replace(generator=average)}
    for prefix, seen in views.items():
        for name, probe in probes.items():
            values = probe(game, seen, key)
            for variable, value in (values if isinstance(values, dict) else {name: values}).items():
                if prefix + variable in record or variable in OWN:
                    other = "a name of the history's own" if variable in OWN else "recorded by another probe too"
                    raise ValueError(f"probes: {name} records {prefix + variable!r}, {other}; give it another name")
                record[prefix + variable] = np.asarray(value)
    return record


def is_finite(record: Mapping[str, np.ndarray]) -> bool:
    """Whether the losses and gradients of a record are finite: where they are not, a run has diverged."""
    return all(np.isfinite(value).all() for name, value in record.items() if name.removeprefix(AVERAGED) in WATCHED)


def require_room(history: Mapping[str, np.ndarray], runs: int) -> None:
    """Refuse histories that the memory has no room for.

    **Raises:** `MemoryError` when so many runs' histories need more than is free.
    """
    needed, free = runs * sum(values.nbytes for values in history.values()), available()
    if needed > free:
        raise MemoryError(
            f"seeds: the records of {runs:,} runs need {needed / 1e9:.1f} GB and {free / 1e9:.1f} GB are free; take "
            "fewer seeds, records or samples"
        )


def empty(record: dict[str, np.ndarray], length: int) -> dict[str, np.ndarray]:
    """Room for `length` records: NaN where none was taken, 0 in images (uint8). Whole numbers become float64.

    **Raises:** `MemoryError` when it would not fit into the memory that is free.
    """
    kinds = {
        name: value.dtype if value.dtype == np.uint8 else np.result_type(value, np.float32)
        for name, value in record.items()
    }
    needed = length * sum(value.size * kinds[name].itemsize for name, value in record.items())
    free = available()
    if needed > free:
        raise MemoryError(
            f"every, probes: {length} records of {needed / length / 1e6:.1f} MB need {needed / 1e9:.1f} GB "
            f"and {free / 1e9:.1f} GB are free; take them less often, or record less"
        )
    return {
        name: np.full((length, *value.shape), 0 if kinds[name] == np.uint8 else np.nan, kinds[name])
        for name, value in record.items()
    }


def of_runs(ended: Sequence[Any], probes: Mapping[str, Callable], steps: list[int]) -> Any:
    """What runs recorded, and how they ended, as an `xarray.Dataset` along `seed`, `step` and each variable's own axes.

    `diverged_at` is the step at which a run left the finite numbers, -1 for never; `steps_per_second` its pace.

    **Arguments:** `ended`: how far each run is, as of `saddlery.training.Stage`.
    """
    found = dataset([run.history for run in ended], probes, steps)
    found["diverged_at"] = "seed", [run.diverged_at for run in ended]
    found["steps_per_second"] = "seed", [run.step / run.seconds if run.seconds else np.nan for run in ended]
    return found


def dataset(histories: list[dict[str, np.ndarray]], probes: Mapping[str, Callable], steps: list[int]) -> Any:
    """Runs' histories as an `xarray.Dataset` with dimensions `seed`, `step` and each variable's own.

    The attributes of what is a number say which measure it is.
    """
    import xarray

    axes, said = _of_probes(probes, "dims"), _of_probes(probes, "measures")
    variables = {}
    for name, first in histories[0].items():
        bare = name.removeprefix(AVERAGED)
        own = axes.get(bare, tuple(f"{name}_{axis}" for axis in range(first.ndim - 1)))
        of = "the averaged generator" if name.startswith(AVERAGED) else ""
        about = described(bare, said.get(bare), of) if first.ndim == 1 else {}
        variables[name] = ("seed", "step", *own), np.stack([history[name] for history in histories]), about
    return xarray.Dataset(variables, {"seed": np.arange(len(histories)), "step": np.asarray(steps)})


def _of_probes(probes: Mapping[str, Callable], what: str) -> dict[str, Any]:
    """What all probes say of their variables, by variable: the names of their axes, or which measures they are."""
    return {name: each for probe in probes.values() for name, each in getattr(probe, what, {}).items()}
