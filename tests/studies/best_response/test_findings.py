"""Successes at equal steps and at equal gradients, their learning rates chosen elsewhere, and when one is better."""

import numpy as np
import pytest
import xarray as xr

from saddlery.studies.best_response.experiment import at_equal, cost
from saddlery.studies.best_response.findings import Successes, findings, successes, verdict

STEPS = np.arange(0, 101, 10)
COLUMNS = {"1 step": 2.0, "5 steps": 6.0, "optimal": np.nan}


def made(first, seeds=8, rates=(1e-3, 1e-2)):
    """A dataset in which a run succeeds from the step `first(column, rate, seed)` on."""
    settings = [(column, rate) for column in COLUMNS for rate in rates]
    success = np.array([[first(*each, seed) <= STEPS for seed in range(seeds)] for each in settings], float)
    gap = np.array([[0.5 if column == "1 step" else 0.25] * seeds for column, _ in settings])
    newton = np.array([[3.0] * seeds for _ in settings])
    return xr.Dataset(
        {
            "success": (("setting", "seed", "step"), success),
            "gap": (("setting", "seed"), gap),
            "residual": (("setting", "seed"), np.full(gap.shape, 1e-9)),
            "newton": (("setting", "seed"), newton),
            "within": (("dynamics", "rate", "mean1", "mean2"), np.triu(np.ones((4, 4)))[None, None] > 0),
        },
        {
            "setting": [f"ring, linear, {column}, {rate:g}" for column, rate in settings],
            "row": ("setting", ["ring, linear"] * len(settings)),
            "column": ("setting", [column for column, _ in settings]),
            "learning_rate": ("setting", [rate for _, rate in settings]),
            "gradients": ("setting", [COLUMNS[column] for column, _ in settings]),
            "step": STEPS, "seed": np.arange(seeds), "dynamics": ["optimal"], "rate": [0.1],
            "mean1": np.arange(4.0), "mean2": np.arange(4.0),
        },
        {"number": 10, "steps": 100},
    )  # fmt: skip


def test_a_step_of_newton_s_method_costs_its_hessian():
    found = cost(made(lambda *_: 0))
    assert found.values.tolist() == [2.0, 2.0, 6.0, 6.0, 1 + 3 * 6.0, 1 + 3 * 6.0]


def test_at_equal_gradients_dear_steps_are_fewer():
    """200 gradients: 100 steps of 2, 33 of 6, of which the record at 30 counts, and 10 of 19."""
    first = {"1 step": 100, "5 steps": 30, "optimal": 10}
    dataset = made(lambda column, rate, seed: first[column])
    assert at_equal(dataset, gradients=True).values.all()
    later = made(lambda column, rate, seed: first[column] + 10)
    assert not at_equal(later, gradients=True).values.any()
    at_end = at_equal(later, gradients=False).mean("seed").values
    assert at_end.tolist() == [0.0, 0.0, 1.0, 1.0, 1.0, 1.0]


def test_the_learning_rate_of_a_seed_is_chosen_by_the_others():
    """Even seeds succeed at the first rate only, odd ones at the second only: chosen by the other half, none does."""
    found = successes(made(lambda column, rate, seed: 0 if (rate == 1e-3) == (seed % 2 == 0) else 999), False)
    assert {each.succeeded for each in found.values()} == {0}
    assert found["ring, linear", "1 step"].rates == (1e-3, 1e-2)
    found = successes(made(lambda column, rate, seed: 0 if rate == 1e-2 else 999), False)
    assert {(each.succeeded, each.of, each.rates) for each in found.values()} == {(8, 8, (1e-2,))}


@pytest.mark.parametrize(
    ("best", "others", "expected"),
    [(16, (2, 0), 1), (16, (2, 15), 0), (0, (16, 0), -1), (8, (8, 8), 0), (16, (), 1)],
)
def test_better_is_above_all_intervals_and_worse_below_one(best, others, expected):
    runs = lambda count: Successes(count, 16, (1e-3,))  # noqa: E731
    assert verdict(runs(best), [runs(count) for count in others]) == expected


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (lambda column, rate, seed: 0 if column == "optimal" else 999, "lies above each of theirs"),
        (lambda column, rate, seed: 999 if column == "optimal" else 0, "lies below one of theirs"),
        (lambda column, rate, seed: 0, "cannot be told apart"),
        (lambda column, rate, seed: 999, "No run succeeds, so that nothing can be told."),
    ],
)
def test_the_words_follow_the_intervals(first, said):
    of_row, optimum, starts = findings(made(first, seeds=16))
    assert said in of_row.text
    assert "1 step 0.5, 5 steps 0.25, optimal 0.25" in optimum.text
    assert "Of 12 starts of two different means" in starts.text
    assert "optimal 50.0% (step size 0.1)" in starts.text
