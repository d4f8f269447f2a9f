"""The estimate of a sweep before it starts: runs, programs, time and memory."""

from collections.abc import Sequence
from typing import NamedTuple

from saddlery._system import memory
from saddlery._system.cores import usable_cores
from saddlery.experiments.local import Program
from saddlery.experiments.programs import programs
from saddlery.runs.cell import Cell
from saddlery.text.duration import duration


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

    def timed(self, ready: Sequence[Program], streams: int | None = None) -> str:
        """The estimate in words: the time left when all programs are compiled, and the most memory in use so far.

        **Arguments:** `streams` is how many runs proceed at a time, each as fast as here; by default a run a core.
        """
        streams = streams or usable_cores()
        of_run = [self.steps * program.step + self.records * program.record for program in ready]
        work = sum(len(program.cells) * self.seeds * seconds for program, seconds in zip(ready, of_run, strict=True))
        compiling = sum(program.compiling for program in ready)
        return (
            f"compiled in {duration(compiling / min(streams, len(ready)))}; about {duration(work / streams)} of "
            f"training, {memory.peak() / 1e9:.1f} GB of memory"
        )


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
