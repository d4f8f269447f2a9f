"""History of runs: records of probes, and the labelled dataset they make."""

import warnings
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from saddlery._system.memory import available
from saddlery.analysis.measures import described
from saddlery.errors import InvalidValue
from saddlery.game import Game
from saddlery.method import Method
from saddlery.records.live import LiveFile
from saddlery.runs.cell import Carry, Cell, RunState
from saddlery.runs.method_probe import MethodProbe
from saddlery.sharding import is_main_process
from saddlery.text.arguments import plain
from saddlery.types import Key

if TYPE_CHECKING:
    import xarray

OWN = ("diverged_at", "steps_per_second", "seed", "step")  # names of a history's own
WATCHED = ("generator_loss", "discriminator_loss", "generator_norm", "discriminator_norm")  # finite, or it diverged
AVERAGED = "averaged_"  # before the names of what is measured of the averaged generator


def take(
    probes: Mapping[str, Callable], game: Game, method: Method, carry: Carry, key: Key, first: bool = True
) -> dict[str, np.ndarray]:
    """Take one record: each variable at these players, and with the averaged generator in the generator's place.

    A `MethodProbe` is given the method and its state too, and is not taken of the averaged generator.

    **Arguments:** `first`: whether it is a run's first. Of another, a probe that fails is warned of and left out, as
    hours of training may lie behind it, and the other probes can be computed.

    **Raises:** `ValueError` when two probes record a variable of one name, or one of the history's own; what a probe
    raises, in the first record.
    """
    record = {}
    views = {"": carry.players}
    if carry.average is not None:
        views[AVERAGED] = carry.players._replace(generator=carry.average)
    for prefix, seen in views.items():
        for name, probe in probes.items():
            of_method = isinstance(probe, MethodProbe)
            if of_method and prefix:
                continue
            try:
                values = probe(game, seen, key, *((method, carry.state) if of_method else ()))
            except Exception as error:
                if first:
                    raise
                said = plain(" ".join(str(error).split()) or type(error).__name__, 200)
                warnings.warn(f"probes: {name} cannot be computed and is not recorded there: {said}", stacklevel=2)
                continue
            for variable, value in (values if isinstance(values, dict) else {name: values}).items():
                if prefix + variable in record or variable in OWN:
                    other = "a name of the history's own" if variable in OWN else "recorded by another probe too"
                    raise InvalidValue(f"probes: {name} records {prefix + variable!r}, {other}; give it another name")
                record[prefix + variable] = np.asarray(value)
    return record


def take_of(cell: Cell, carry: Carry, key: Key, first: bool = True) -> dict[str, np.ndarray]:
    """Take one record of a run of a cell: of its probes, and of its rule where that adapts.

    **Arguments**, **Raises:** as of `take`; `ValueError` also when the rule's numbers have a name of the probes'.
    """
    record = take(cell.probes, cell.game, cell.method, carry, key, first)
    told = getattr(cell.method.rule, "records", lambda state: {})(carry.state.rule) if cell.adapting else {}
    if same := sorted(told.keys() & (record.keys() | {*OWN})):
        raise InvalidValue(f"probes: the method records {same[0]!r} too; give the probe's variable another name")
    return record | {name: np.asarray(value) for name, value in told.items()}


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
    """Empty arrays for `length` records: NaN where none was taken, 0 in images (uint8). Whole numbers become float64.

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


def begun(cell: Cell, carry: Carry, key: Key) -> RunState:
    """The state of a run at its first step: room for all its records, the first of which is taken.

    Whether that record's numbers are finite is left to see.

    **Raises:** what `take` and `empty` raise.
    """
    record = take_of(cell, carry, key)
    history = empty(record, len(cell.records))
    for name, value in record.items():
        history[name][0] = value
    return RunState(0, -1, 0.0, carry, history)


def of_runs(ended: Sequence[Any], probes: Mapping[str, Callable], steps: Sequence[int]) -> "xarray.Dataset":
    """The dataset of some runs, with how they ended, along `seed`, `step` and each variable's own axes.

    `diverged_at` is the step at which a run left the finite numbers, -1 for never; `steps_per_second` its pace. The
    attributes of what is a number say which measure it is.

    **Arguments:** `ended`: how far each run is, each a `saddlery.runs.cell.RunState`.
    """
    import xarray

    histories = [run.history for run in ended]
    found: dict[str, Any] = {}
    for name, (dims, attributes) in variables(histories[0], probes).items():
        found[name] = ("seed", *dims), np.stack([history[name] for history in histories]), attributes
    found["diverged_at"] = "seed", [run.diverged_at for run in ended]
    found["steps_per_second"] = "seed", [run.step / run.seconds if run.seconds else np.nan for run in ended]
    return xarray.Dataset(found, {"seed": np.arange(len(ended)), "step": np.asarray(steps)})


def variables(
    history: Mapping[str, np.ndarray], probes: Mapping[str, Callable]
) -> dict[str, tuple[tuple[str, ...], dict[str, str]]]:
    """The dimensions, `step` the first, and the attributes of each variable of a run's history."""
    axes, said = _of_probes(probes, "dims"), _of_probes(probes, "measures")
    found = {}
    for name, values in history.items():
        bare = name.removeprefix(AVERAGED)
        own = axes.get(bare, tuple(f"{name}_{axis}" for axis in range(values.ndim - 1)))
        of = "the averaged generator" if name.startswith(AVERAGED) else ""
        found[name] = ("step", *own), described(bare, said.get(bare), of) if values.ndim == 1 else {}
    return found


def _of_probes(probes: Mapping[str, Callable], what: str) -> dict[str, Any]:
    """What all probes say of their variables, by variable: the names of their axes, or which measures they are."""
    return {name: each for probe in probes.values() for name, each in getattr(probe, what, {}).items()}


class LiveRecords:
    """Live records of a run, appended to its file while it is under way."""

    def __init__(self, cell: Cell, seed: int, state: RunState):
        own = cell.live(seed) if is_main_process(cell.game) else None
        self.cell, self.next = cell, 0 if own is None or not own.exists() else bisect_right(cell.records, state.step)
        self.file = LiveFile(own, lambda: self._about(seed, state))

    def _about(self, seed: int, state: RunState) -> dict[str, Any]:
        about = variables(state.history, self.cell.probes)
        known = {name: {"dims": dims, "attributes": attributes} for name, (dims, attributes) in about.items()}
        return {"label": self.cell.label, "seed": seed, "steps": self.cell.steps, "variables": known}

    def append(self, state: RunState) -> None:
        """Append the records up to the state of a run."""
        reached = bisect_right(self.cell.records, state.step)
        for row in range(self.next, reached):
            self.file.append(self.cell.records[row], state.seconds, state.record(row))
        self.next = reached
