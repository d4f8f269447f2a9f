"""What loggers are told of a run: its records, in their order from the first, each once."""

from bisect import bisect_right

from saddlery.loggers.logger import LoggedRun
from saddlery.runs.cell import Cell, RunState
from saddlery.sharding import is_main_process


class RunLog:
    """A run's records on their way to loggers, where there are any; those so far first."""

    def __init__(self, cell: Cell, seed: int, state: RunState):
        self.cell, self.next = cell, 0
        self.to = cell.log if is_main_process(cell.game) else None
        self.run = LoggedRun(cell.label, cell.index, seed, cell.steps)
        if self.to:
            self.to.begin(self.run, state.step)
            self.append(state)

    def append(self, state: RunState) -> None:
        """Log the records up to the state of a run, and that it is over when it is."""
        if not self.to:
            return
        reached = bisect_right(self.cell.records, state.step)
        for row in range(self.next, reached):
            self.to.log(self.run, self.cell.records[row], state.record(row))
        self.next = reached
        if self.cell.ended(state):
            self.to.end(self.run, state.diverged_at)
            self.to = None
