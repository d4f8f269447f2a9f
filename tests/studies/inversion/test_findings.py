"""What is said of inversion, on results made up."""

import re

import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid

from saddlery.plots.style import DEPTHS
from saddlery.report.sections import Content
from saddlery.studies.inversion.findings import averaged, findings
from saddlery.studies.inversion.page import content

GENERATORS = ["K = 0", "K = 10", "untrained", "identity"]
ERRORS = np.array([0.3, 0.2, 0.5, 0.0])


@pytest.fixture
def study():
    """Errors rise by a hundredth from seed to seed; held-out images have a tenth more; the identity none."""
    cell, seeds = ("generator", "seed"), 0.01 * np.arange(3)
    base = np.where(ERRORS[:, None] > 0, ERRORS[:, None] + seeds, 0.0)
    errors = np.stack([base, 1.1 * base], -1)[..., None].repeat(4, -1)
    searches = ("split", "image", "restart")
    likelihood = np.array([-50.0, -40.0, -90.0, -70.0])[:, None, None, None] * np.ones((4, 3, 2, 2))
    pixels = np.zeros((4, 3, 2, 3, 8, 8, 1), np.uint8)
    found = {
        "error": ((*cell, "split", "image"), errors),
        "second_error": ((*cell, "split", "image"), 1.5 * errors),
        "density": ((*cell, "split", "image"), -20 + 0 * errors),
        "excess": ((*cell, "split", "image"), -2 + 0 * errors),
        "converged": ((*cell, *searches), np.ones((4, 3, 2, 4, 2), bool)),
        "second_converged": ((*cell, *searches), np.zeros((4, 3, 2, 4, 2), bool)),
        "iterations": ((*cell, *searches), np.full((4, 3, 2, 4, 2), 30)),
        "agreeing": ((*cell, *searches), np.ones((4, 3, 2, 4, 2), bool)),
        "frobenius": ((*cell, "point"), 10 * base[..., None].repeat(5, -1)),
        "spectral": ((*cell, "point"), np.ones((4, 3, 5))),
        "frobenius_found": ((*cell, "split", "image"), errors),
        "likelihood": ((*cell, "std", "likely"), likelihood),
        "effective": ((*cell, "std", "likely"), np.full((4, 3, 2, 2), 5.0)),
        "reconstructed": ((*cell, "split", "shown", "y", "x", "channel"), pixels),
        "made": ((*cell, "fresh", "y", "x", "channel"), pixels[:, :, 0]),
        "sought": (("split", "shown", "y", "x", "channel"), pixels[0, 0]),
        "diverged_at": (("setting", "seed"), np.array([[-1, -1, -1], [-1, 5, -1]])),
    }
    coordinates = {
        "generator": GENERATORS, "kind": ("generator", ["unrolled", "unrolled", "untrained", "identity"]),
        "depth": ("setting", [0.0, 10.0]), "depth_of": ("generator", [0.0, 10.0, np.nan, np.nan]),
        "setting": GENERATORS[:2], "method": ("setting", ["unrolled"] * 2), "seed": range(3),
        "split": ["train", "test"], "std": [0.25, 0.5],
    }  # fmt: skip
    attrs = {
        "title": "A <study>", "note": "noted", "command": "saddlery study inversion", "images": 4, "restarts": 2,
        "pixels": 64, "latent": 16, "tolerance": 1e-4, "exact": [-70.5, -71.5],
    }  # fmt: skip
    return xr.Dataset(found, coordinates, attrs)


def test_what_is_found_is_said_with_the_numbers_of_the_data(study):
    found = {finding.subject: finding for finding in findings(study)}
    assert "the error of held-out images falls, mean change −32.3%" in found["Does K help?"].text
    assert found["Does K help?"].tone == "good"
    assert "at σ = 0.25 it is number 3 of 4 with -70 nats, the best is K = 10 with -40" in found["The identity"].text
    assert "In closed form the identity has -70.5, -71.5" in found["The identity"].text
    assert found["The identity"].tone == "good"
    assert "Adam's errors are 1.5" in found["The searches"].text
    assert "rank correlation of ‖∂G/∂z‖ with the error is 1 (p < 0.001)" in found["Smoothness"].text
    assert "Of 6 runs: K = 10 1 (" in found["Diverged"].text


def test_a_control_that_wins_the_likelihood_is_said_to(study):
    study["likelihood"].loc[{"generator": "identity", "std": 0.5}] = -1.0
    found = {finding.subject: finding for finding in findings(study)}["The identity"]
    assert "at σ = 0.5 it is number 1 of 4" in found.text
    assert "each at its best σ it is number 1 of 4 with -1 nats." in found.text
    assert found.tone == "bad"


def test_the_identity_is_not_said_to_win_where_it_does_not(study):
    text = findings(study)[3].text
    assert "by the error alone it wins" in text
    study["error"].loc[{"generator": "identity"}] = 0.9
    assert "by the error alone it does not win" in findings(study)[3].text


def test_an_error_that_does_not_fall_is_not_said_to(study):
    study["error"].loc[{"generator": "K = 10"}] = study["error"].sel(generator="K = 0").values
    assert "is not told apart" in findings(study)[0].text
    study["error"].loc[{"generator": "K = 10"}] *= np.array([1.9, 2.0, 2.1])[:, None, None]
    assert "the error of held-out images rises, mean change +100.0% (" in findings(study)[0].text
    assert findings(study)[0].tone == "plain"


@pytest.mark.parametrize(
    ("factors", "word"),
    [([1.09, 1.1, 1.11], "larger than"), ([0.88, 0.9, 0.92], "smaller than"), ([0.8, 1.0, 1.2], "not told apart from")],
)
def test_held_out_images_are_harder_or_easier_where_the_interval_says_so(study, factors, word):
    train = study["error"].sel(split="train").values
    study["error"].loc[{"split": "test"}] = train * np.array(factors)[:, None]
    text = {finding.subject: finding.text for finding in findings(study)}["Held-out images"]
    assert text == f"Their error is {word} that of training images of K = 0, K = 10, by the mean over seeds."


def test_how_far_searches_can_be_trusted_is_measured(study):
    said = lambda: {finding.subject: finding.text for finding in findings(study)}  # noqa: E731
    assert "Of searches by L-BFGS 100.0% to 100.0% converged" in said()["The searches"]
    assert said()["The searches"].endswith("rank the runs with a correlation of 1 (p < 0.001).")
    study["converged"].loc[{"generator": "K = 10"}] = False
    study["second_error"] = 2 - study["error"]
    assert "Of searches by L-BFGS 0.0% to 100.0% converged" in said()["The searches"]
    assert said()["The searches"].endswith("rank the runs with a correlation of -1 (p < 0.001).")
    study["frobenius"] = -study["frobenius"]
    assert said()["Smoothness"].endswith("the rank correlation of ‖∂G/∂z‖ with the error is -1 (p < 0.001).")


def test_held_out_images_and_the_noise_found_are_told_apart_by_intervals_alone(study):
    """By Student's interval of the mean over seeds, which here lies above, below and about zero."""
    by_seed = np.array([1.0, 1.1, 1.3])
    shift = {"K = 0": 2 * by_seed, "K = 10": -2 * by_seed, "untrained": by_seed - by_seed.mean()}
    for label, values in shift.items():
        study["excess"].loc[{"generator": label}] = values[:, None, None]
    study["error"].loc[{"split": "test"}] = (
        study["error"].sel(split="train").values * np.array([1.09, 1.1, 1.11])[None, :, None]
    )
    study["error"].loc[{"split": "test", "generator": "K = 10"}] = (
        study["error"].sel(split="train", generator="K = 10").values * np.array([0.8, 1.0, 1.2])[:, None]
    )
    found = {finding.subject: finding.text for finding in findings(study)}
    assert "higher than that of draws of the prior of K = 0; lower" in found["Was that z likely?"]
    assert "not told apart from that of draws of the prior of untrained" in found["Was that z likely?"]
    assert "larger than that of training images of K = 0; not told apart" in found["Held-out images"]
    assert "not told apart from that of training images of K = 10," in found["Held-out images"]


def words(page: Content, study):
    """All that the page says and the labels of its pictures."""
    for section in page.sections:
        yield from (section.heading, section.small, *(each.label for each in section.sheets))
        yield from (picture.alt for picture in section.pictures)
        if section.table:
            yield from (text for head in section.table.heads for text in head)
            yield from (row.label for row in section.table.rows)
    yield from (finding.text for finding in findings(study))


def test_k_is_named_in_one_way(study):
    """As `K = 10`: not K10, K=10, 10 steps or unrolled(10)."""
    said = list(words(content(study), study))
    assert sum(len(re.findall(r"\bK = \d+", text)) for text in said) > 20
    for text in said:
        assert not re.search(r"K\d|K=|\d+ (unrolled )?steps|unrolled\s*\(", text), text


def test_each_k_has_the_colour_that_it_has_in_every_study(study, figures):
    page = content(study)
    for rows in (section.table.rows for section in page.sections if section.table):
        colors = {row.label: row.color for row in rows}
        assert (colors["K = 0"], colors["K = 10"]) == (DEPTHS[0], DEPTHS[10])
    for sheets in (section.sheets for section in page.sections if section.sheets):
        assert {each.label: each.color for each in sheets}["K = 10"] == DEPTHS[10]
    dots, smoothness = (figure.axes[0] for figure in figures[:2])
    assert averaged(study)["depth"].values.tolist()[:2] == [0, 10]
    assert {line.get_label(): line.get_color() for line in smoothness.lines}["K = 10"] == DEPTHS[10]
    assert [line.get_color() for line in dots.lines[2::3]][:2] == [DEPTHS[0], DEPTHS[10]]


def test_every_number_that_is_said_is_in_the_data(study):
    assert unsaid(findings(study), study) == {}
