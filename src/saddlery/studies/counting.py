"""Progress of several experiments together, in steps of training."""

import threading
from collections.abc import Hashable

from saddlery.experiments.experiment import Experiment
from saddlery.runs.cell import Progress as Report
from saddlery.studies.study import Progress


class Counting:
    """The progress of experiments that are trained one after another, `of` steps in all."""

    def __init__(self, progress: Progress | None, of: int):
        self.progress, self.of, self.lock = progress, of, threading.Lock()
        self.done: dict[Hashable, int] = {}

    def ended(self) -> None:
        """Hear that nothing is left, which may have been there already."""
        if self.progress is not None:
            self.progress(self.of, self.of)

    def heard(self, experiment: Experiment, label: str, report: Report) -> None:
        """Hear of a run under way."""
        done = report.steps if report.diverged_at >= 0 else report.step
        self.noted((experiment.game, experiment.key, label, report.seed), done)

    def noted(self, what: Hashable, steps: int) -> None:
        """Note how many steps of something are done."""
        if self.progress is None:
            return
        with self.lock:  # runs report from threads of their own
            self.done[what] = steps
            self.progress(sum(self.done.values()), self.of)
