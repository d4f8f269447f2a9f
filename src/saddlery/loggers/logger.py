"""A logger: what is told of runs, record by record, while they are under way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class LoggedRun:
    """A run as loggers see it: its setting's label, that setting's place among all, its seed, its number of steps."""

    setting: str
    index: int
    seed: int
    steps: int


class Logger:
    """A logger, which is told of runs under way; a new one implements `log`, and what else it needs.

    In each process a run's records come in their order, from the first, each once: a run that goes on from a
    checkpoint begins by what it has recorded so far. So whatever an earlier process logged of a run is to be replaced
    when the run begins, or, where that cannot be, what is there already is to be left out.

    Its methods are called by one thread of its own, one after another, so it may take its time. What it raises is a
    warning, once, and it is told no more; training goes on.

        >>> class Told(Logger):
        ...     def log(self, run, step, record):
        ...         print(run.setting, run.seed, step, float(record["generator_loss"]))
        >>> Told().log(LoggedRun("consensus", 0, 3, 100), 20, {"generator_loss": np.float32(0.5)})
        consensus 3 20 0.5
    """

    def open(self, out: Path | None, settings: Sequence[str]) -> None:
        """Prepare for runs that are about to be trained; before any is, and in the thread that trains.

        **Arguments:** `out`: the folder of the runs, `None` for none; `settings`: the labels of those that are trained
        now, without those that were finished before.

        **Raises:** `ValueError` for what a user can put right: then nothing is trained.
        """

    def begin(self, run: LoggedRun, step: int) -> None:
        """A run begins, at step 0, or goes on from its checkpoint at `step`; its records so far follow again."""

    def log(self, run: LoggedRun, step: int, record: Mapping[str, np.ndarray]) -> None:
        """A record was taken: the step, and each variable's value, numbers as well as arrays such as samples."""
        raise NotImplementedError

    def flush(self) -> None:
        """Write what was logged; called about every second, and before `close`."""

    def end(self, run: LoggedRun, diverged_at: int) -> None:
        """A run is over: all its steps are done, or it left the finite numbers at the step `diverged_at`, else -1."""

    def close(self) -> None:
        """Training has ended, or was stopped; runs that have not ended may go on in another process."""


def numbers(record: Mapping[str, np.ndarray]) -> dict[str, float]:
    """The variables of a record that are one number.

    >>> numbers({"loss": np.float32(0.5), "samples": np.zeros((2, 2))})
    {'loss': 0.5}
    """
    return {name: float(value) for name, value in record.items() if np.ndim(value) == 0}
