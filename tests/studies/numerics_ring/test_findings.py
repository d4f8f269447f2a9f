"""What is said of eigenvalues, on results made up."""

import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid
from scipy import stats

from saddlery.analysis.numbers import number
from saddlery.studies.numerics_ring.findings import findings, judged
from saddlery.studies.numerics_ring.page import COLUMNS, table

SETTINGS = ["simultaneous", "consensus(gamma=10)"]
CELL = ("setting", "seed", "moment", "field")


def compared():
    """Along random directions relu sees 10, 20 and 90% at a seed's start, a tenth more for the next seeds; tanh all."""
    axes = ("network", "setting", "seed", "instant", "direction", "h")
    seen, missed = np.ones((2, 2, 3, 3, 4, 2)), np.full((2, 2, 3, 3, 4, 2), 2e-4)
    seen[0] = np.array([0.1, 0.2, 0.9, 0.5])[:, None] + 0.1 * np.arange(3)[:, None, None, None]
    seen[0, 0, :, -1] = 0.7
    seen[0, ..., 1] -= 0.05
    missed[1, 1, 2, 1, 0, 0] = 9e-4
    return {"seen": (axes, seen), "missed": (axes, missed)}


@pytest.fixture
def study():
    """Eigenvalues made up: of ten, six are zero, one is ±i, and there are −4 and 2; one run has diverged."""
    ended = np.array([8.0, 8.0])[:, None, None] * np.ones((2, 3, 2))
    trained = xr.Dataset(
        {
            **dict.fromkeys(("modes", "high_quality"), (("setting", "seed", "step"), ended)),
            "diverged_at": (("setting", "seed"), np.full((2, 3), -1)),
            "steps_per_second": (("setting", "seed"), np.full((2, 3), 100.0)),
        },
        {
            "setting": SETTINGS,
            "method": ("setting", ["simultaneous", "consensus"]),
            "seed": range(3),
            "step": [0, 1000],
        },
        {"gamma": 10.0, "batches": 10, "modes_total": 8},
    )
    values = np.array([-4, 2, 1j, -1j, 0, 0, 0, 0, 0, 0])
    shape = (2, 3, 2, 2)
    real, imaginary = np.tile(values.real, (*shape, 1)), np.tile(values.imag, (*shape, 1))
    numbers = {
        "field_norm": 3.0,
        "rotation": 0.25,
        "turning": 0.5,
        "tolerance": 1e-4,
        "carrying": 2,
        "stable_step": 0.5,
    }
    modes = {"real": [-4.0, 2, 0], "imaginary": [0.0, 0, 1], "weight": [0.9, 0.3, 0.1], "left": [0.3, 0.1, 0]}
    added = xr.Dataset(
        {
            "eigenvalues_real": ((*CELL, "eigenvalue"), real),
            "eigenvalues_imaginary": ((*CELL, "eigenvalue"), imaginary),
            **{name: (CELL, np.full(shape, float(value))) for name, value in numbers.items()},
            **{f"mode_{name}": ((*CELL, "part"), np.tile(value, (*shape, 1))) for name, value in modes.items()},
            "path_angle": (("setting", "seed", "position"), np.linspace(-1, 1, 30).reshape(2, 3, 5)),
            "path_norm": (("setting", "seed", "position"), np.linspace(1, 2, 30).reshape(2, 3, 5)),
            "distance": (("setting", "seed"), np.ones((2, 3))),
            **compared(),
        },
        {
            "moment": [0, 1000], "field": ["v", "consensus"], "position": np.linspace(0, 1.25, 5),
            "network": ["relu", "tanh"], "instant": [0, 500, 1000], "h": [1e-3, 1e-2],
            "direction": ["random 1", "random 2", "random 3", "v"],
        },
    )  # fmt: skip
    added["eigenvalues_real"][0, 2, 1] = added["eigenvalues_imaginary"][0, 2, 1] = np.nan
    added["eigenvalues_real"][1, :, 1, :, 0] = -400.0  # so that only this one is large
    return trained.merge(added)


def test_shares_are_counted_and_what_diverged_is_left_out(study):
    shares_of = judged(study).sel(field="v")
    start, lost = shares_of.isel(setting=0, seed=0, moment=0), shares_of.isel(setting=0, seed=2, moment=1)
    shares = [float(start[name]) for name in ("zero", "imaginary", "positive", "negative", "large_turning")]
    assert shares == [0.8, 0.2, 0.1, 0.1, 0.5]
    assert [float(start[name]) for name in ("largest", "large")] == [4, 4]
    np.testing.assert_allclose([start["growing"], start["carried_turning"]], [0.3 / 1.2, 0])
    assert np.isnan([float(lost[name]) for name in ("zero", "positive", "large_turning", "largest")]).all()
    assert float(shares_of["large"].isel(setting=1, seed=0, moment=1)) == 1


def test_what_is_found_is_said_with_the_numbers_of_the_data(study):
    found = {finding.subject: finding.text for finding in findings(study)}
    assert "80.0% of the eigenvalues of v′ before training" in found["Zero real parts"]
    assert "with an imaginary part that is not zero there are 20.0% under simultaneous" in found["Zero real parts"]
    assert "zero altogether" not in found["Zero real parts"]
    assert "50.0% under simultaneous, 0.0% under consensus(gamma=10)" in found["Large imaginary parts"]
    assert "2 modes leave a tenth of v, by weight 25.0% of them growing" in found["Modes that carry v"]
    study["eigenvalues_imaginary"][:] = study["eigenvalues_imaginary"] * 0
    zeros = {finding.subject: finding.text for finding in findings(study)}["Zero real parts"]
    assert zeros.startswith("Yes: ")
    assert "zero altogether, directions in which nothing happens" in zeros
    study["eigenvalues_real"][:] = study["eigenvalues_real"] + 1
    assert {finding.subject: finding.text for finding in findings(study)}["Zero real parts"].startswith("Hardly: 0.0%")


def test_zeros_that_turn_under_one_setting_are_not_said_to_be_nothing(study):
    zeros = lambda: {finding.subject: finding.text for finding in findings(study)}["Zero real parts"]  # noqa: E731
    study["eigenvalues_real"][:] = study["eigenvalues_imaginary"][:] = 0.0
    study["eigenvalues_real"][1, ..., 1:] = 1.0
    assert "100.0% under simultaneous, 10.0% under consensus(gamma=10) have a real part of zero" in zeros()
    assert "nearly all of them are zero altogether" in zeros()
    study["eigenvalues_imaginary"][1, ..., 0] = 1.0
    assert "zero altogether" not in zeros()
    study["eigenvalues_real"][:], study["eigenvalues_imaginary"][:] = 1.0, 0.0
    assert "zero altogether" not in zeros()  # since there are none


def test_positive_real_parts_are_those_of_both_jacobians(study):
    study["eigenvalues_real"].loc[{"moment": 1000, "field": "consensus"}] = -1.0
    study["eigenvalues_real"].loc[{"setting": SETTINGS[1], "moment": 1000, "field": "v"}] = 1.0
    text = {finding.subject: finding.text for finding in findings(study)}["Positive real parts"]
    assert text.startswith(
        "10.0% of the eigenvalues of v′ have one before training, and 10.0% under simultaneous, 100.0% under "
        "consensus(gamma=10) after it; of those of v′ − γ v′ᵀ v′ 0.0% under simultaneous, 0.0% under consensus"
    )


def test_of_the_modes_that_carry_v_those_that_grow_and_those_that_turn_are_told(study):
    carried = lambda: {finding.subject: finding.text for finding in findings(study)}["Modes that carry v"]  # noqa: E731
    assert "weight 25.0% of them growing and 0.0% turning more than they grow or decay" in carried()
    study["mode_real"][..., 1], study["mode_imaginary"][..., 0] = -2.0, 9.0
    assert "weight 0.0% of them growing and 75.0% turning more than they grow or decay" in carried()


def test_what_the_jacobian_sees_is_the_median_direction_of_the_median_seed(study):
    found = {finding.subject: finding.text for finding in findings(study)}["Curvature lost at kinks"]
    assert "holds 30.0% (20.0% to 40.0%) of the curvature that finite differences of v over 0.001 find" in found
    assert "and 70.0% (70.0% to 70.0%) under simultaneous, 30.0% (20.0% to 40.0%) under consensus(gamma=10)" in found
    assert "along v itself 70.0% (70.0% to 70.0%) under simultaneous, 60.0% (50.0% to 70.0%) under cons" in found
    assert "differ by 0.0002 of it along random directions, at most 0.0009" in found


def test_norms_are_compared_seed_by_seed(study):
    """Ratios of a half, times and divided by e^0.1: Student's interval of three logarithms."""
    said = lambda: {finding.subject: finding.text for finding in findings(study)}["Norm of the field"]  # noqa: E731
    assert "it is not told apart from that under simultaneous, ratio 1 (" in said()  # all are alike: no interval
    study["field_norm"][1, :, 1, 0] = 1.5 * np.exp([-0.1, 0.0, 0.1])
    half = stats.t.ppf(0.975, 2) * 0.1 / np.sqrt(3)
    low, high = (number(0.5 * np.exp(way * half)) for way in (-1, 1))
    assert f"it is shorter than under simultaneous, ratio 0.5 ({low} to {high}, n = 3)." in said()
    study["field_norm"][1, :, 1, 0] = 6 * np.exp([-0.1, 0.0, 0.1])
    assert "it is longer than under simultaneous, ratio 2 (" in said()
    study["field_norm"][1, 0, 1, 0] = np.nan  # of a run that diverged
    assert "it is not told apart from that under simultaneous, ratio 2.1 (n = 2, too few that differ" in said()


def test_the_table_has_a_row_for_every_setting_and_moment(study):
    made = table(study, "v")
    assert len(made.heads) == len(COLUMNS) + 2
    cells = [[cell.text for cell in row.cells] for row in made.rows]
    assert [row[0] for row in cells] == ["0", "1,000", "0", "1,000"]
    assert all(len(row) == len(COLUMNS) + 1 for row in cells)
    assert cells[0][1:5] == ["3", "4", "80.0%", "20.0%"]
    assert cells[3][2] == "400"


def test_every_number_that_is_said_is_in_the_data(study):
    assert unsaid(findings(study), study) == {}
