import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid

from saddlery.studies.first_order.experiment import OUTCOMES, QUANTILES
from saddlery.studies.first_order.figures import shown as of_gallery
from saddlery.studies.first_order.findings import findings

SETTINGS = ["optimal", *(f"{name}={n})" for name in ("first-order(k", "unrolled(K") for n in (1, 5, 20))]
GOOD = [1.0, 0.3, 0.2, 0.1, 0.2, 0.5, 0.9]


@pytest.fixture
def study():
    """Numbers made up, of a study's form: no run has diverged, and none of the optimal ones oscillates."""
    random, line, n = np.random.default_rng(0), np.linspace(-2, 2, 5), len(SETTINGS)
    within = np.tile(np.array(GOOD)[:, None, None], (1, 5, 5))
    within[:, np.eye(5, dtype=bool)] = 0
    share = random.uniform(0, 0.4, (n, len(OUTCOMES)))
    share[1, 2] = 0.555
    labels = random.integers(1, 3, (n, len(OUTCOMES)))
    labels[:, -1] = labels[0, 2] = 0
    example = random.normal(size=(n, len(OUTCOMES), 11, 6))
    example[0, 0, :, 2:] = [-np.inf, 0.0, np.inf, np.inf]
    return xr.Dataset(
        {
            "within": (("setting", "mean1", "mean2"), within),
            "share": (("setting", "outcome"), share),
            "none": ("setting", random.uniform(size=n)),
            "total_variation": (
                ("setting", "quantile", "step"), np.sort(random.uniform(size=(n, len(QUANTILES), 11)), axis=1)),
            "example": (("setting", "outcome", "step", "number"), example),
            "labels": (("setting", "outcome"), labels),
        },
        coords={
            "setting": SETTINGS, "method": ("setting", [name.partition("(")[0] for name in SETTINGS]),
            "mean1": line, "mean2": line, "outcome": list(OUTCOMES), "criterion": ("outcome", list(OUTCOMES.values())),
            "quantile": list(QUANTILES), "step": np.arange(11) * 40,
        },
        attrs={"title": "A <study>", "command": "saddlery study", "target": [-0.5, 0.5], "rate": 0.1, "box": 2.0,
               "scale": "quick", "side": 5, "intervals": 3, "steps": 400},
    )  # fmt: skip


def test_what_is_found_is_computed(study):
    optimal, first, unrolled, worst = findings(study)
    assert "100.0% end within 0.1" in optimal.text
    assert (first.tone, unrolled.tone) == ("bad", "good")
    assert "24.0% with 1, 16.0% with 5, 8.0% with 20; more steps make it worse" in first.text
    assert "16.0% with 1, 40.0% with 5, 72.0% with 20; more steps help" in unrolled.text
    assert worst.text.startswith("first-order(k=1) oscillation (55.5%)")


def test_the_gallery_shows_the_purest_example_of_each_outcome_that_was_found(study):
    shown = of_gallery(study)
    assert [str(each["outcome"].values) for each in shown] == list(OUTCOMES)[:-1]
    for each, labels in zip(shown, study["labels"].values.T, strict=False):
        assert each["labels"] == labels[labels > 0].min()
    study["labels"][:, 0] = [1, 0, 2, 0, 0, 0, 0]
    assert of_gallery(study)[0]["setting"] == "optimal"
    study["labels"][:, 0] = [1, 0, 1, 0, 0, 0, 0]
    assert of_gallery(study)[0]["setting"] == "first-order(k=5)"


def test_every_number_that_is_said_is_in_the_data(study):
    assert unsaid(findings(study), study) == {}
