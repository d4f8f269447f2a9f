"""What is said of methods crossed with losses or families, on results made up."""

import jax.numpy as jnp
import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid

from saddlery.analysis.numbers import number
from saddlery.losses import LOSSES
from saddlery.report.tables import diverged
from saddlery.studies import crossed
from saddlery.studies.architectures.findings import FLAT, constant, moved, regulariser, stationary
from saddlery.studies.architectures.page import MOTION
from saddlery.studies.divergences.findings import ZERO_SUM, zero_sum
from saddlery.studies.study import find

ROWS, COLUMNS, RATES = ["minimax", "hinge"], ["simultaneous", "consensus γ = 1"], [1e-3, 1e-2]


@pytest.fixture
def study():
    """At the smaller learning rate distances are 4 and, by consensus, 1; for hinge 2 and 6; at the larger, tenfold."""
    settings = [(row, column, rate) for row in ROWS for column in COLUMNS for rate in RATES]
    at_end = {("minimax", 0): 4.0, ("minimax", 1): 1.0, ("hinge", 0): 2.0, ("hinge", 1): 6.0}
    last = [at_end[row, COLUMNS.index(column)] * (1 if rate == RATES[0] else 10) for row, column, rate in settings]
    along = np.array(last)[:, None, None] * np.array([1.0, 1.01, 1.02])[:, None] * np.array([5.0, 2.0, 1.0])
    names = ["sliced_wasserstein", "discriminator_loss", *(name for name, *_ in MOTION[2:])]
    variables = dict.fromkeys(names, (("setting", "seed", "step"), along))
    variables |= dict.fromkeys(("frechet", "coverage"), (("setting", "seed"), along[..., -1]))
    images = np.zeros((8, 3, 3, 4, 2, 2, 1), np.uint8)
    variables["samples"] = ("setting", "seed", "step", "sample", "y", "x", "channel"), images
    variables["real"] = ("sample", "y", "x", "channel"), images[0, 0, 0]
    variables["diverged_at"] = ("setting", "seed"), np.full((8, 3), -1)
    coordinates = {
        "setting": [", ".join(map(str, each)) for each in settings],
        "row": ("setting", [row for row, *_ in settings]),
        "column": ("setting", [column for _, column, _ in settings]),
        "rival": ("setting", [f"{row}, {column}" for row, column, _ in settings]),
        "method": ("setting", [column.split()[0] for _, column, _ in settings]),
        "learning_rate": ("setting", [rate for *_, rate in settings]),
        "seed": range(3), "step": [0, 5, 10],
    }  # fmt: skip
    attrs = {
        "title": "A <study>", "note": "noted", "command": "saddlery study", "close": 2.0,
        "perfect_sliced_wasserstein": 1.5, "perfect_frechet": 0.5, "perfect_coverage": 0.9,
    }  # fmt: skip
    return xr.Dataset(variables, coordinates, attrs)


def test_each_is_taken_at_its_best_learning_rate(study):
    found = crossed.best(study)
    assert found["ended"].dims == ("row", "column", "seed")
    np.testing.assert_allclose(found["ended"].isel(seed=0), [[4, 1], [2, 6]])
    np.testing.assert_allclose(found["pull"].isel(seed=2, step=0), 5 * 1.02 * np.array([[4, 1], [2, 6]]))
    assert list(found["method"].values) == ["simultaneous", "consensus"]
    np.testing.assert_allclose(found["working"], [[0, 0.5], [0.5, 0]])  # at most twice 1.5


def test_a_run_that_diverged_counts_as_it_was_before_training(study):
    study["diverged_at"][0, 1] = 7
    lost = crossed.best(study).sel(row="minimax", column="simultaneous", seed=1)
    assert float(crossed.score(lost, crossed.DISTANCE)) == pytest.approx(20.2)
    assert diverged(study, "row")[0].text.startswith("Of 24 runs: minimax 1 (")
    assert "minimax, simultaneous 1" in diverged(study, "rival")[0].text


def test_a_run_that_diverged_is_scored_as_it_last_was_and_both_are_said(study):
    study["diverged_at"][0, 1] = 7
    lost = crossed.best(study).sel(row="minimax", column="simultaneous", seed=1)
    for measure in (crossed.FRECHET, crossed.COVERAGE):
        assert float(crossed.score(lost, measure)) == pytest.approx(4.04)
    for name in ("architectures", "divergences"):
        text = {finding.subject: finding.text for finding in find(name).findings(study)}["Diverged"]
        assert text.endswith("(their distance counts as before training, their scores as they last were).")


def test_learning_rates_that_work_are_counted_and_rows_without_any_named(study):
    text = crossed.findings(crossed.best(study), "loss")[1].text
    assert "within 2 times a perfect sampler's distance (3) are most often those of simultaneous, consensus" in text
    assert "With no method" not in text
    study["sliced_wasserstein"][4:6] *= 10  # of simultaneous descent on hinge
    text = crossed.findings(crossed.best(study), "loss")[1].text
    assert "are most often those of consensus γ = 1, 25.0%;" in text
    assert text.endswith("With no method at any learning rate: hinge.")


def test_ratios_are_seed_by_seed_and_their_means_geometric(study):
    found = crossed.best(study)
    ratio = crossed.ratios(found).sel(column=COLUMNS[1])
    np.testing.assert_allclose(ratio, [[0.25] * 3, [3] * 3])
    told = [finding.text for finding in crossed.findings(found, "loss")]
    assert "2 loss rows, 1 of 1 methods come closer to the data than simultaneous descent" in told[0]  # √(0.25 · 3)
    assert told[2].startswith(
        "By the median distance over seeds, of 2 rows the best is simultaneous of 1, consensus γ = 1 of 1. No test"
    )
    row = crossed.helped(found).rows[0]
    assert [cell.text for cell in row.cells] == ["0.866", "0.25 to 3", "1 of 2"]


def test_where_no_method_comes_closer_that_is_said(study):
    study["sliced_wasserstein"][2:4] *= 8  # of consensus on minimax: 2 times simultaneous descent's
    text = crossed.findings(crossed.best(study), "loss")[0].text
    assert "0 of 1 methods come closer" in text


def test_where_consensus_fails_is_read_from_the_data(study):
    text = regulariser(moved(crossed.best(study))).text
    assert "worst, beside simultaneous descent, with consensus γ = 1 on hinge" in text
    study["sliced_wasserstein"][2:4] *= 16
    assert "with consensus γ = 1 on minimax" in regulariser(moved(crossed.best(study))).text


def test_where_a_step_really_shortens_the_field_is_counted(study):
    text = stationary(moved(crossed.best(study))).text
    assert "in 0 of 12 runs" in text
    study["reached"][2] = 0.5
    text = stationary(moved(crossed.best(study))).text
    assert "in 3 of 12 runs, most often under consensus γ = 1 (50.0% of them)" in text


def test_how_constant_losses_are_is_measured_over_the_second_half(study):
    found = moved(crossed.best(study))
    np.testing.assert_allclose(found["level"].isel(seed=0), [[6, 1.5], [3, 9]])
    np.testing.assert_allclose(found["wobble"].isel(seed=0), [[2, 0.5], [1, 3]])
    assert (
        "the loss's deviation and the scores' spread have a rank correlation of 1 (p < 0.001)" in constant(found).text
    )
    found["spread"] = -found["spread"]
    assert "spread have a rank correlation of -1 (p < 0.001)" in constant(found).text


def test_a_discriminator_whose_scores_are_all_zero_has_that_loss_and_one_of_others_more():
    alike = {score: jnp.full(4, score) for score in (-2.0, 0.0, 2.0)}
    loss = {score: float(LOSSES["nonsaturating"](each, each).discriminator) for score, each in alike.items()}
    assert loss[0.0] == pytest.approx(FLAT)
    assert min(loss[-2.0], loss[2.0]) > FLAT + 0.1


def test_how_consensus_goes_with_its_regulariser_is_a_rank_correlation():
    ended, pull = np.ones((4, 2, 3)), np.ones((4, 2, 3)) * np.arange(4)[:, None, None]
    ended[:, 1] = np.arange(1.0, 5)[:, None]
    variables = {name: (("row", "column", "seed"), each) for name, each in (("ended", ended), ("pull", pull))}
    made = xr.Dataset(variables, {"row": list("abcd"), "column": COLUMNS})
    assert "Over 4 families the rank correlation of that ratio" in regulariser(made).text
    assert "is consensus γ = 1 1 (p" in regulariser(made).text
    made["pull"] = -made["pull"]
    assert "is consensus γ = 1 -1 (p" in regulariser(made).text


def test_losses_that_are_no_zero_sum_game_are_told_apart_by_a_test():
    """Of eight and five losses with ratios that do not overlap: 2 of 13 choose 5 = 1,287 orders are as far."""
    rows = [*ZERO_SUM, "hinge", "lsgan", "a", "b", "c"]
    values = np.stack([np.ones((13, 3)), np.arange(1.0, 14)[:, None] * np.array([0.9, 1.0, 1.1])], 1)
    made = xr.Dataset(
        {"ended": (("row", "column", "seed"), values)},
        {"row": rows, "column": COLUMNS, "seed": range(3)},
    )
    text = zero_sum(made).text
    assert text.startswith(
        "For 1 of 1 methods the ratios to simultaneous descent's distance differ between the 8 losses"
    )
    assert f"the least p is {number(2 / 1287)}): consensus γ = 1." in text
    made["ended"][:, 1] = made["ended"][[0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 6, 7], 1].values
    assert zero_sum(made).text.startswith("For 0 of 1 methods")
    assert "nothing to compare" in zero_sum(made.isel(row=slice(8))).text


def test_every_number_that_is_said_is_in_the_data(study):
    study["diverged_at"][0, 1] = 7
    for name in ("architectures", "divergences"):
        assert unsaid(find(name).findings(study), study) == {}
