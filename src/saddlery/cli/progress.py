"""The progress display: runs, speed, time left and latest measures, live in a terminal, else a line now and then."""

import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from saddlery.text.duration import duration

if TYPE_CHECKING:
    from saddlery.experiments.experiment import Experiment
    from saddlery.runs.cell import Progress

SECONDS_BETWEEN_LINES = 10.0


class Watched(NamedTuple):
    """The runs of a call of `saddlery.train`, as the progress display needs them."""

    game: str
    labels: tuple[str, ...]
    steps: int
    seeds: int


class Left(NamedTuple):
    """The time left: of what is known, in seconds, and how many settings have not been timed yet."""

    seconds: float
    untimed: int

    def __str__(self) -> str:
        """In words.

        >>> print(Left(90.0, 0)), print(Left(4.0, 2))
        1 min 30 s left
        more than 4 s left: 2 settings are not timed yet
        (None, None)
        """
        if not self.untimed:
            return f"{duration(self.seconds)} left"
        settings = "1 setting is" if self.untimed == 1 else f"{self.untimed} settings are"
        return f"more than {duration(self.seconds)} left: {settings} not timed yet"


class Watch:
    """The latest reports of every method of every experiment: the numbers behind the display.

    Training's threads call it with an experiment, a method's label and a `Progress`.
    """

    def __init__(self, experiments: "Sequence[Experiment | Watched]", clock: Callable[[], float] = time.monotonic):
        self.rows = {(e.game, label): Row(e.steps, e.seeds) for e in experiments for label in e.labels}
        self.clock = clock
        self.lock = threading.Lock()
        self.running: tuple[str, str] | None = None

    def __call__(self, experiment: "Experiment | Watched", label: str, progress: "Progress") -> None:
        """Take a report in."""
        with self.lock:
            self.running = experiment.game, label
            self.rows[self.running].note(progress)

    def fraction(self) -> float:
        """The share of all steps that is done."""
        return sum(row.done for row in self.rows.values()) / sum(row.all for row in self.rows.values())

    def left(self) -> Left | None:
        """The time left: each setting's remaining steps at its own pace, by as many runs at once as there are.

        A setting costs what it costs: of one that has no pace yet nothing is guessed. `None` before any has one.
        """
        waiting = [row for row in self.rows.values() if row.done < row.all]
        timed = [row for row in waiting if row.rate > 0]
        if waiting and not timed:
            return None
        at_once = max(1, sum(row.running for row in timed))
        return Left(sum((row.all - row.done) / row.rate for row in timed) / at_once, len(waiting) - len(timed))


class Row:
    """A method's row of the display: the last report of each of its seeds."""

    def __init__(self, steps: int, seeds: int):
        self.all = steps * seeds
        self.seeds: dict[int, Progress] = {}

    def note(self, progress: "Progress") -> None:
        """Record a seed's report."""
        self.seeds[progress.seed] = progress

    @property
    def done(self) -> int:
        """Steps done over all seeds; one that diverged has none left to do."""
        return sum(p.step if p.diverged_at < 0 else p.steps for p in self.seeds.values())

    @property
    def running(self) -> int:
        """The number of seeds under way."""
        return sum(p.step < p.steps and p.diverged_at < 0 for p in self.seeds.values())

    @property
    def rate(self) -> float:
        """Steps per second of a seed, the median of those that have a pace; 0 where none has."""
        known = [progress.steps_per_second for progress in self.seeds.values() if progress.steps_per_second > 0]
        return statistics.median(known) if known else 0.0

    @property
    def modes(self) -> str:
        """The modes covered: the seeds' median, and their range; nothing where there are none to cover."""
        found = [int(p.latest["modes"]) for p in self.seeds.values() if "modes" in (p.latest or {})]
        if not found:
            return ""
        middle = f"{statistics.median(found):g}"
        return middle if min(found) == max(found) else f"{middle} ({min(found)}–{max(found)})"


@contextmanager
def shown(experiments: "Sequence[Experiment | Watched]", quiet: bool = False) -> Iterator[Callable | None]:
    """A context that displays the progress of these experiments on stderr; yields the `progress` of `execution.run`."""
    watch = Watch(experiments)
    if quiet:
        yield None
    elif sys.stderr.isatty():
        yield from _live(watch)
    else:
        yield _lines(watch)


def _lines(watch: Watch) -> Callable:
    """Plain lines, at most one in ten seconds."""
    last = watch.clock()

    def report(experiment, label, progress):
        nonlocal last
        watch(experiment, label, progress)
        with watch.lock:
            if watch.clock() - last < SECONDS_BETWEEN_LINES:
                return
            last = watch.clock()
            print(_line(watch, experiment.game, label), file=sys.stderr, flush=True)

    return report


def _line(watch: Watch, game: str, label: str) -> str:
    """The state of things in a line."""
    row = watch.rows[game, label]
    modes = f", modes {row.modes}" if row.modes else ""
    return (
        f"{game}, {label}: {row.done / row.all:.0%} at {row.rate:.0f} steps/s{modes}; "
        f"{watch.fraction():.0%} of everything{_left(watch)}"
    )


def _left(watch: Watch) -> str:
    """The time left in words, once it is known."""
    left = watch.left()
    return "" if left is None else f", {left}"


def _live(watch: Watch) -> Iterator[Callable]:
    """A table that is redrawn four times a second."""
    from rich.console import Console
    from rich.live import Live

    with Live(get_renderable=lambda: _table(watch), console=Console(stderr=True), refresh_per_second=4):
        yield watch


ROWS = 12  # of a live table at most


def _chosen(watch: Watch) -> list[tuple[str, str]]:
    """The rows to show, in order: all, or of many those under way and then the last that ended."""
    if len(watch.rows) <= ROWS:
        return list(watch.rows)
    begun = [name for name, row in watch.rows.items() if row.seeds]
    under_way = [name for name in begun if watch.rows[name].running]
    over = [name for name in begun if not watch.rows[name].running]
    kept = {*under_way[:ROWS], *over[len(over) - max(0, ROWS - len(under_way)) :]}
    return [name for name in watch.rows if name in kept]


def _table(watch: Watch):
    """A row for each method, and the whole below."""
    from rich.box import SIMPLE
    from rich.console import Group
    from rich.progress_bar import ProgressBar
    from rich.table import Table

    table = Table(box=SIMPLE)
    for heading in ("game", "method"):
        table.add_column(heading, overflow="fold")
    for heading in ("done", "steps/s", "modes", "running"):
        table.add_column(heading, justify="right", no_wrap=True)
    with watch.lock:
        for game, label in _chosen(watch):
            row = watch.rows[game, label]
            style = "bold" if (game, label) == watch.running else "" if row.seeds else "dim"
            cells = (f"{row.done / row.all:.0%}", f"{row.rate:.0f}", row.modes, str(row.running)) if row.seeds else ()
            table.add_row(game, label, *cells, style=style)
        over = sum(row.done == row.all for row in watch.rows.values())
        whole = Table.grid(padding=(0, 1))
        whole.add_row(
            ProgressBar(total=1.0, completed=watch.fraction(), width=40),
            f"{watch.fraction():.0%}{_left(watch)}; {over} of {len(watch.rows)} settings done",
        )
    return Group(table, whole)
