"""The estimate of a sweep before it starts: runs, programs, time and memory."""

from collections.abc import Sequence
from typing import NamedTuple

from saddlery._system import memory
from saddlery.experiments.local import Program
from saddlery.experiments.programs import programs
from saddlery.experiments.timing import Timed, makespan
from saddlery.runs.cell import Cell
from saddlery.text.duration import duration

MARGIN = 1.1  # of a range: what steps that were timed do not know, such as checkpoints


class Estimate(NamedTuple):
    """An estimate of a sweep: how much there is to do."""

    settings: int
    seeds: int
    steps: int
    records: int
    programs: int

    @classmethod
    def of(cls, cells: Sequence[Cell]) -> "Estimate":
        """The estimate for some cells."""
        return cls(len(cells), len(cells[0].keys), cells[0].steps, len(cells[0].records), len(programs(cells)))

    def __str__(self) -> str:
        """In words: the runs and the compilations."""
        runs = self.settings * self.seeds
        return (
            f"{_count(self.settings, 'setting')} × {_count(self.seeds, 'seed')} = {_count(runs, 'run')} of "
            f"{_count(self.steps, 'step')}, computed by {_count(self.programs, 'program')}"
        )

    def compiled(self, ready: Sequence[Program], streams: int) -> str:
        """What is known once all programs are compiled: how long that took, and the most memory in use so far."""
        seconds = sum(program.compiling for program in ready) / min(streams, len(ready))
        return f"compiled in {duration(seconds)}, {memory.peak() / 1e9:.1f} GB of memory"

    def timed(self, ready: Sequence[Timed], streams: int) -> str:
        """The estimate in words: a range of the time that training takes once all programs are compiled.

        From the shortest to the longest times that were measured of each program, and a tenth more on either side for
        what was not. Runs that diverge, and so end early, are not foreseen.

        **Arguments:** `streams`: how many runs proceed at a time.
        """
        low, high = (
            makespan([(len(each.program.cells) * self.seeds, each.of_run()[end]) for each in ready], streams)
            for end in range(2)
        )
        once = max(each.once for each in ready)
        return (
            f"{self.compiled([each.program for each in ready], streams)}; about {duration(low / MARGIN + once)} to "
            f"{duration(high * MARGIN + once)} of training, {_count(streams, 'run')} at a time"
        )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
