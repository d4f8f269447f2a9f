"""What is said of pairwise distances, on results made up."""

import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid
from matplotlib.colors import to_hex
from scipy.stats import hypergeom

from saddlery.analysis.numbers import number
from saddlery.plots.style import DEPTHS
from saddlery.studies.pairwise.findings import findings
from saddlery.studies.pairwise.page import content, samples

GENERATORS = ["K = 0", "K = 10", "real", "noise", "untrained"]


@pytest.fixture
def study():
    """In pixels noise is as near as real images, in features further away than all but the untrained."""
    cell = ("generator", "seed", "space")
    apart = np.array([[0.4, 0.3], [0.2, 0.1], [0.01, 0.01], [0.02, 0.5], [0.9, 0.9]])[:, None]
    apart = apart * np.array([[0.99], [1.0], [1.02]])
    variables = {name: (cell, apart.copy()) for name in ("median", "apart", "support_low", "support_high")}
    variables["support"] = cell, np.where(apart > 0.5, np.inf, 100.0)
    variables["histogram"] = (*cell, "bin"), np.full((5, 3, 2, 4), 0.25)
    variables["edges"] = ("space", "edge"), np.array([[0.0, 1, 2, 3, 4], [0, 2, 4, 6, 8]])
    variables["made"] = (
        ("generator", "seed", "shown", "y", "x", "channel"),
        np.zeros((5, 3, 4, 8, 8, 1), np.uint8),
    )
    variables["diverged_at"] = ("setting", "seed"), np.full((2, 3), -1)
    coordinates = {
        "generator": GENERATORS, "kind": ("generator", ["unrolled", "unrolled", "real", "noise", "untrained"]),
        "depth": ("setting", [0.0, 10.0]), "depth_of": ("generator", [0.0, 10.0, np.nan, np.nan, np.nan]),
        "setting": GENERATORS[:2], "method": ("setting", ["unrolled"] * 2), "seed": range(3),
        "space": ["pixels", "features"],
    }  # fmt: skip
    attrs = {
        "title": "A <study>",
        "note": "noted",
        "command": "saddlery study pairwise",
        "number": 60,
        "share": 1e-3,
        "pool": 1197,
    }
    return xr.Dataset(variables, coordinates, attrs)


def test_what_noise_does_to_each_distance_is_said(study):
    found = {finding.subject: finding for finding in findings(study)}
    noise = found["Noise as a control"]
    assert "2 of 2 are further apart than noise; in features" in noise.text
    assert noise.text.endswith("So by distances in pixels alone, noise ranks above a trained generator.")
    assert noise.tone == "bad"
    study["apart"].loc[{"generator": "noise"}] = 0.8
    noise = {finding.subject: finding for finding in findings(study)}["Noise as a control"]
    assert "ranks above" not in noise.text
    assert noise.tone == "good"


def test_the_order_and_the_change_are_those_of_the_data(study):
    found = {finding.subject: finding.text for finding in findings(study)}
    assert "in features real, K = 10, K = 0, noise, untrained" in found["Nearest to real images"]
    assert "not tested" in found["Nearest to real images"]
    assert "in pixels nearer (difference -0.201 (-0.208 to -0.193, n = 3))" in found["Does K help?"]
    study["apart"].loc[{"generator": "real", "space": "features"}] = 5.0
    text = {finding.subject: finding.text for finding in findings(study)}["Nearest to real images"]
    assert "in features K = 10, K = 0, noise, untrained, real." in text


@pytest.mark.parametrize(
    ("change", "word"), [(-0.1, "nearer"), (0.1, "further away"), (0.0, "not clearly nearer or further")]
)
def test_what_k_changes_is_told_by_the_interval_of_differences(study, change, word):
    first = study["apart"].sel(generator="K = 0").values
    study["apart"].loc[{"generator": "K = 10"}] = first + change + np.array([[-0.01], [0.0], [0.01]])
    text = {finding.subject: finding.text for finding in findings(study)}["Does K help?"]
    assert text.startswith(f"From K = 0 to K = 10 the distances come, in pixels {word} (difference ")


def test_who_has_more_near_pairs_is_told_by_every_seeds_interval_alone(study):
    """Near pairs are more frequent than among training images, 1 in 1,000, where the support is below that for sure."""
    study["support_low"][:], study["support_high"][:] = 500.0, 2000.0
    study["support_high"].loc[{"generator": "K = 0"}] = 900.0
    study["support_low"].loc[{"generator": "noise"}] = 1100.0
    found = {finding.subject: finding.text for finding in findings(study)}["Near pairs"]
    assert "in pixels more frequent of K = 0, rarer of noise, not told apart of K = 10, real, untrained" in found
    study["support_high"].loc[{"generator": "K = 0", "seed": 1}] = 1001.0  # of one seed not
    found = {finding.subject: finding.text for finding in findings(study)}["Near pairs"]
    assert "in pixels rarer of noise, not told apart of K = 0, K = 10, real, untrained" in found


def test_where_no_pair_is_near_the_page_says_so_and_shows_the_lower_end(study):
    study["support"].loc[{"generator": "noise"}] = study["support_high"].loc[{"generator": "noise"}] = np.inf
    study["support_low"].loc[{"generator": "noise"}] = 480.0
    tables = [section.table for section in content(study).sections if section.table]
    rows = {row.label: [cell.text for cell in row.cells] for row in tables[0].rows}
    assert rows["noise"][2:] == ["no near pair", "480", "no bound"]
    assert "no near pair" not in rows["K = 0"]
    assert "∞" not in str(tables)


def test_each_k_has_the_colour_that_it_has_in_every_study(study, figures):
    rows = {row.label: row.color for row in next(s.table for s in content(study).sections if s.table).rows}
    assert (rows["K = 0"], rows["K = 10"]) == (DEPTHS[0], DEPTHS[10])
    assert rows["real"] not in DEPTHS.values()
    drawn = {patch.get_label(): to_hex(patch.get_edgecolor()) for patch in figures[0].axes[0].patches}
    assert (drawn["K = 0"], drawn["K = 10"]) == (DEPTHS[0], DEPTHS[10])
    assert {each.label: each.color for each in samples(study)}["K = 10"] == DEPTHS[10]


def test_what_draws_of_real_images_have_in_common_is_said(study):
    """Two draws of n of N have n² / N in common on average, by the hypergeometric distribution."""
    small = content(study).sections[0].small
    assert "60 of the 1,197 images" in small
    assert f"two draws have {number(hypergeom(1197, 60, 60).mean())} in common on average" in small
    assert "two draws have 24 in common on average" in content(study.assign_attrs(pool=150)).sections[0].small
    small = content(study.assign_attrs(pool=0)).sections[0].small
    assert "held-out" in small
    assert "in common" not in small


def test_every_number_that_is_said_is_in_the_data(study):
    assert unsaid(findings(study), study) == {}
