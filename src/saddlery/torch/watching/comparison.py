"""Forks of a watched training: what each of some changes does to signals and samples, on the same batches."""

import copy
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from saddlery.analysis import forecast
from saddlery.analysis.intervals import Interval, interval
from saddlery.analysis.numbers import number
from saddlery.analysis.signals import SIGNALS
from saddlery.torch.blocks import holders
from saddlery.torch.players import Player
from saddlery.torch.state import kept
from saddlery.torch.watching.rows import Rows

RECORDS = 20  # of a fork
LAST = 1 / 3  # of a fork, over which signals are averaged
UNCHANGED = "unchanged"


class Forked(NamedTuple):
    """What forks of a training came to.

    - `values`: by measure and change, of each repeat; `unchanged` is among the changes. `steps`: of each fork.
    """

    values: dict[str, dict[str, np.ndarray]]
    steps: int

    def gain(self, measure: str, change: str) -> Interval:
        """The mean difference of a measure from that of the unchanged forks on the same batches, with its interval."""
        of = self.values[measure]
        return interval(of[change] - of[UNCHANGED], of="mean")

    def __str__(self) -> str:
        """A table of differences, and how far a trial foretells the end."""
        changes = [name for name in next(iter(self.values.values()), {}) if name != UNCHANGED]
        lines = []
        for change in changes:
            lines.append(f"{change}, after {self.steps:,} steps, less unchanged:")
            for measure, of in self.values.items():
                found = self.gain(measure, change)
                if np.isfinite(found.middle):
                    within = f" ({number(found.low)} to {number(found.high)})" if np.isfinite(found.low) else ""
                    was = interval(of[UNCHANGED], of="mean").middle
                    lines.append(f"  {measure}: {number(found.middle)}{within}, unchanged {number(was)}")
        worth = forecast.trials()
        lines.append(str(worth) if worth else "how far such a trial foretells the end is not measured")
        return "\n".join(lines)


def forked(
    players: Sequence[Player],
    changes: Mapping[str, Callable[[], object]],
    step: Callable[[Any], object],
    batches: Iterable[Any],
    steps: int,
    repeats: int,
    begin: Callable[[], None],
    recorded: Callable[[], Mapping[str, Any]],
    measure: Callable[[], float | Mapping[str, float]] | None,
    also: Sequence[Any] = (),
) -> Forked:
    """Fork a training: repeat by repeat unchanged and with each change, from the same state on the same batches.

    Modules, optimisers and random numbers are restored bit for bit after each fork, and so is what `also` names by its
    `state_dict`.

    **Arguments:** `begin`: called before each fork; `recorded`: the record of its last step; `measure`: taken at a
    fork's end. Others as of `Watch.compare`.
    """
    held = [each for player in players for each in player.parameters]
    seed = torch.initial_seed() % 2**31
    tried = {UNCHANGED: lambda: None, **changes}
    found: dict[str, dict[str, list[float]]] = {}
    with kept(held, [each for player in players for each in player.optimisers]) as state:
        for module in holders(held):
            for each in module.modules():
                state.add_module(each)
        others = [(each, copy.deepcopy(each.state_dict())) for each in also]

        def put_back() -> None:
            state.restore()
            for each, was in others:
                each.load_state_dict(copy.deepcopy(was))

        try:
            for repeat, (name, change) in itertools.product(range(repeats), tried.items()):
                torch.manual_seed(seed + 1 + repeat)
                begin()
                change()
                for key, value in _run(step, batches, steps, recorded, measure).items():
                    found.setdefault(key, {each: [np.nan] * repeats for each in tried})[name][repeat] = value
                put_back()
        finally:
            put_back()
    return Forked({key: {name: np.array(each) for name, each in of.items()} for key, of in found.items()}, steps)


def _run(
    step: Callable[[Any], object],
    batches: Iterable[Any],
    steps: int,
    recorded: Callable[[], Mapping[str, Any]],
    measure: Callable[[], float | Mapping[str, float]] | None,
) -> dict[str, float]:
    """A fork: the averages of its signals over the last third, and what is measured at its end."""
    rows, every = Rows({}), max(1, steps // RECORDS)
    for number_, batch in enumerate(_forever(batches, steps), 1):
        step(batch)
        if number_ % every == 0:
            rows.add(number_, recorded())
    last = [each for at, each in zip(rows.steps, rows.signals, strict=True) if at > (1 - LAST) * steps]
    known = {name: [each[name] for each in last if np.isfinite(each.get(name, np.nan))] for name in SIGNALS}
    found = {name: float(np.mean(values)) for name, values in known.items() if values}
    if measure is not None:
        with torch.no_grad():
            got = measure()
        found |= got if isinstance(got, Mapping) else {"measure": float(got)}
    return found


def _forever(batches: Iterable[Any], steps: int) -> Iterator[Any]:
    """So many batches, from the first on again where there are fewer."""
    left = steps
    while left > 0:
        before = left
        for batch in itertools.islice(iter(batches), left):
            left -= 1
            yield batch
        if left == before:
            raise ValueError("batches: got none, expected a data loader or a list of batches")
