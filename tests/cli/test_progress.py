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


def test_the_fraction_is_over_every_method_of_every_experiment():
    watch = Watch([RING, DIGITS])
    assert watch.fraction() == 0
    watch(RING, "simultaneous", report(0, 100))
    watch(RING, "simultaneous", report(1, 50))
    assert watch.fraction() == pytest.approx(150 / 600)


def test_the_time_left_is_each_settings_own():
    watch = Watch([RING, DIGITS])
    assert watch.left() is None
    watch(RING, "simultaneous", report(0, 100))
    watch(RING, "simultaneous", report(1, 100))
    assert watch.left() is None  # nothing that is left has a pace
    watch(RING, "unrolled(steps=10)", report(0, 60, rate=2.0))
    watch(RING, "unrolled(steps=10)", report(1, 40, rate=2.0))
    assert watch.left() == (100 / 2 / 2, 1)  # two runs at once
    watch(DIGITS, "simultaneous", report(0, 0, steps=200, rate=5.0))
    assert watch.left() == ((100 / 2 + 200 / 5) / 3, 0)


def test_cheap_steps_done_do_not_make_dear_ones_quick():
    """Nine tenths of the steps may take a tenth of the time: what is left is timed by what is left."""
    cheap, dear = Experiment("ring", ("simultaneous",), steps=900, seeds=1), DIGITS
    watch = Watch([cheap, dear])
    watch(cheap, "simultaneous", report(0, 900, rate=1000.0, steps=900))
    watch(dear, "simultaneous", report(0, 20, rate=2.0, steps=200))
    assert watch.left() == (90.0, 0)


def test_what_was_there_before_has_no_pace():
    watch = Watch([DIGITS])
    watch(DIGITS, "simultaneous", report(0, 100, steps=200, rate=0.0))  # a resumed run begins in the middle
    assert watch.left() is None
    watch(DIGITS, "simultaneous", report(0, 150, steps=200))
    assert watch.left() == (5.0, 0)
    watch(DIGITS, "simultaneous", report(0, 200, steps=200))
    assert watch.left() == (0.0, 0)


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
    for word in ("unrolled(steps=10)", "digits", "30%", "12", "7", "10%", "more than 12 s left"):
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
    assert lines[0] == (
        "ring, simultaneous: 5% at 10 steps/s, modes 4; 2% of everything, "
        "more than 19 s left: 1 setting is not timed yet"
    )


def test_quiet_shows_nothing(capsys):
    with shown([RING], quiet=True) as tell:
        assert tell is None
    assert capsys.readouterr().err == ""
