"""Times before a sweep is trained: what a range is made of, whatever the machine's pace."""

import heapq

import numpy as np
import pytest

from saddlery.experiments import timing
from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.experiments.estimate import MARGIN, Estimate
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.local import Program
from saddlery.experiments.timing import Span, Timed, makespan, timed
from saddlery.text.duration import duration


@pytest.mark.parametrize("seed", range(20))
def test_the_last_of_the_runs_to_end_ends_when_runs_taken_in_turn_do(seed):
    random = np.random.default_rng(seed)
    streams = int(random.integers(1, 6))
    jobs = [(int(random.integers(0, 30)), float(random.exponential(10))) for _ in range(random.integers(1, 5))]
    ends = [0.0] * streams
    for number, seconds in jobs:
        for _ in range(number):
            heapq.heapreplace(ends, ends[0] + seconds)
    assert makespan(jobs, streams) == pytest.approx(max(ends))


def test_a_million_runs_cost_no_time():
    assert makespan([(10**9, 2.0)], 2) == 10**9


def test_programs_are_timed_by_all_streams_until_the_clock_can_be_trusted(monkeypatch):
    acts = []
    monkeypatch.setattr(timing, "CLOCK", 0.01)
    monkeypatch.setattr(timing, "_repeated", lambda act: acts.append(act) or 0.5)
    cells = cells_of(
        prepare(Experiment("bilinear", ("simultaneous", "extragradient"), steps=40, seeds=3, every=1)), None
    )
    found = timed(cells, 2)
    assert [len(each.program.cells) for each in found] == [1, 1]
    assert len(acts) == 2 * 2 * 2 * timing.ROUNDS  # programs, streams, steps and records
    for each in found:
        assert each.record == Span(0.5, 0.5)
        assert 0 < each.step.low <= each.step.high
        assert each.of_run().low == pytest.approx(40 * each.step.low + 41 * 0.5 + each.ends.low)


def test_an_act_is_repeated_until_the_clock_can_be_trusted(monkeypatch):
    times = iter([0.05, 0.15, 0.1])
    monkeypatch.setattr(timing, "_seconds", lambda act: next(times))
    assert timing._repeated(lambda: None) == pytest.approx(0.1)  # 0.2 s of two acts, and not the third


def test_an_estimate_is_a_range_of_what_was_measured():
    experiment = Experiment("bilinear", ("simultaneous",), steps=100, seeds=4, every=50)
    cells = cells_of(prepare(experiment), None)
    ready = [Timed(Program(cells, 3.0), Span(0.1, 0.2), Span(1.0, 2.0), Span(0.5, 1.0), 4.0)]
    text = Estimate.of(cells).timed(ready, 2)
    low, high = 2 * (100 * 0.1 + 3 * 1.0 + 0.5), 2 * (100 * 0.2 + 3 * 2.0 + 1.0)
    assert f"about {duration(low / MARGIN + 4)} to {duration(high * MARGIN + 4)} of training, 2 runs at a time" in text
    assert "compiled in 3 s" in text
