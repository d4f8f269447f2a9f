"""A cell: the runs of a setting, which differ in their seeds only, and how far each of them is."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from saddlery.game import Game, Pair
from saddlery.method import Method
from saddlery.records.claims import CHECKPOINTS, LIVE

if TYPE_CHECKING:
    from saddlery.loggers.delivery import Deliveries


class Carry(NamedTuple):
    """The carry of the training loop: the players, the method's state, the generator's averaged weights."""

    players: Pair
    state: Any
    average: Any


class Progress(NamedTuple):
    """A progress report of a run.

    - `seed`, `label`: which run it is: its seed, and what its setting is called.
    - `step`, `steps`: steps done, and to do; `steps_per_second`: its speed.
    - `latest`: its latest record, by variable; `recorded`: the step of that. Each record is in one report at least.
    - `diverged_at`: the step at which it left the finite numbers, -1 for never.
    """

    seed: int
    step: int
    steps: int
    steps_per_second: float
    latest: dict[str, np.ndarray]
    diverged_at: int
    label: str = ""
    recorded: int = 0


class RunState(NamedTuple):
    """The state of a run: everything that a checkpoint holds."""

    step: int
    diverged_at: int
    seconds: float
    carry: Carry
    history: dict[str, np.ndarray]

    def record(self, row: int) -> dict[str, np.ndarray]:
        """One record of the run's history."""
        return {name: values[row] for name, values in self.history.items()}


@dataclass(kw_only=True)
class Cell:
    """A cell, one setting of an experiment: what its runs share, their keys, and where they are kept.

    - `index`, `label`: its place among the settings, and what it is called.
    - `game`, `method`, `steps`, `probes`, `players`, `average`: as of `saddlery.train`; `records`: the steps at which
      probes are taken.
    - `keys`: one for each seed.
    - `folder`: the experiment's, `None` to keep nothing; `checkpoint_seconds`: how often each run is checkpointed;
      `keep`: whether a checkpoint of each run's end is kept.
    - `on_progress`: called with a `Progress`.
    - `log`: where its loggers get their records.
    - `stop`: set to stop all its runs.
    - `adapting`: whether the numbers that the rule adapts are recorded too, see `saddlery.rules.Rule.records`.
    - `identity`: the fingerprint of its runs, but for their keys.
    """

    game: Game
    method: Method
    steps: int
    records: Sequence[int]
    probes: dict[str, Callable]
    keys: Sequence[Any]
    index: int = 0
    label: str = ""
    players: Pair | None = None
    average: float | None = None
    folder: Path | None = None
    checkpoint_seconds: float = 30.0
    keep: bool = True
    on_progress: Callable[[Progress], None] | None = None
    log: "Deliveries | None" = None
    stop: threading.Event = field(default_factory=threading.Event)
    adapting: bool = False
    identity: Callable[[], dict[str, Any]] | None = None
    watched: tuple[bool, ...] = ()  # which arrays of a `Carry` must stay finite, once that is known
    read_back: bool = False  # whether a first checkpoint was

    def ended(self, state: RunState) -> bool:
        """Whether a run is over: all steps are done, or it has diverged."""
        return state.step == self.steps or state.diverged_at >= 0

    def checkpoints(self, seed: int) -> Path | None:
        """The folder of a run's checkpoints."""
        return None if self.folder is None else self.folder / CHECKPOINTS / f"{self.index}-{seed}"

    def live(self, seed: int) -> Path | None:
        """The file of a run's live records, while it is under way."""
        return None if self.folder is None else self.folder / LIVE / f"{self.index}-{seed}.jsonl"
