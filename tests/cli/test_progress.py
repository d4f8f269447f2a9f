"""The display: what it counts, and what it shows."""

import io
from types import SimpleNamespace

import pytest

from saddlery.cli import progress
from saddlery.cli.progress import Watch, shown
from saddlery.experiments.experiment import Experiment
from saddlery.runs.cell import Progress
from saddlery.text.duration import duration

RING = Experiment("ring", ("simultaneous", "unrolled(steps=10)"), steps=100, seeds=2)
DIGITS = Experiment("digits", ("simultaneous",), steps=200, seeds=1)


class Clock:
    """A clock that is set."""

    now = 0.0

    def __call__(self):
        return self.now


def report(seed, step, modes=None, rate=10.0, diverged_at=-1, steps=100):
    return Progress(seed, step, steps, rate, {} if modes is None else {"modes": modes}, diverged_at)


def test_fractions_and_time_left_are_over_every_method_of_every_experiment():
    clock = Clock()
    watch = Watch([RING, DIGITS], clock)
    assert watch.fraction() == 0
    assert watch.left() is None
    watch(RING, "simultaneous", report(0, 0))
    clock.now = 10.0
    watch(RING, "simultaneous", report(0, 100))
    watch(RING, "simultaneous", report(1, 50))
    assert watch.fraction() == pytest.approx(150 / 600)
    assert watch.left() == pytest.approx(30.0)


def test_time_left_counts_only_what_was_done_since_the_start():
    clock = Clock()
    watch = Watch([DIGITS], clock)
    watch(DIGITS, "simultaneous", report(0, 100, steps=200))  # a resumed run begins in the middle
    clock.now = 5.0
    watch(DIGITS, "simultaneous", report(0, 150, steps=200))
    assert watch.left() == pytest.approx(5.0)


def test_a_seed_that_diverged_has_nothing_left_to_do():
    watch = Watch([RING])
    watch(RING, "simultaneous", report(0, 30, diverged_at=31))
    watch(RING, "simultaneous", report(1, 30))
    row = watch.rows["ring", "simultaneous"]
    assert (row.done, row.running) == (130, 1)


@pytest.mark.parametrize(("found", "shown"), [([8, 8], "8"), ([5, 8], "6.5 (5–8)"), ([], "")])
def test_modes_are_the_median_and_the_range(found, shown):
    watch = Watch([RING])
    for seed, modes in enumerate(found):
        watch(RING, "simultaneous", report(seed, 1, modes))
    assert watch.rows["ring", "simultaneous"].modes == shown


@pytest.mark.parametrize(("seconds", "words"), [(45.2, "45 s"), (200, "3 min 20 s"), (7500, "2 h 05 min")])
def test_durations_in_words(seconds, words):
    assert duration(seconds) == words


def test_the_table_shows_every_method_and_the_whole():
    from rich.console import Console

    clock = Clock()
    watch = Watch([RING, DIGITS], clock)
    watch(RING, "simultaneous", report(0, 0, 3))
    clock.now = 6.0
    watch(RING, "simultaneous", report(0, 60, 7, rate=12.0))
    console = Console(file=io.StringIO(), width=100)
    console.print(progress._table(watch))
    said = console.file.getvalue()
    for word in ("unrolled(steps=10)", "digits", "30%", "12", "7", "10%", "54 s left"):
        assert word in said


def test_away_from_a_terminal_there_is_a_line_in_ten_seconds(monkeypatch, capsys):
    clock = Clock()
    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=clock))
    monkeypatch.setattr(Watch.__init__, "__defaults__", (clock,))
    with shown([RING]) as tell:
        for second in range(0, 26):
            clock.now = float(second)
            tell(RING, "simultaneous", report(0, second, 4))
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 2
    assert lines[0] == "ring, simultaneous: 5% at 10 steps/s, modes 4; 2% of everything, 6 min 30 s left"


def test_quiet_shows_nothing(capsys):
    with shown([RING], quiet=True) as tell:
        assert tell is None
    assert capsys.readouterr().err == ""
