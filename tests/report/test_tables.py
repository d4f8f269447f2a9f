"""Tables with intervals, and sheets of images."""

import io

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from scipy import stats

from saddlery.analysis.numbers import number
from saddlery.report.sheet import SIDE, pixels, sheets
from saddlery.report.tables import Column, bare, cell, diverged, legend, table


@pytest.fixture
def study():
    """Two settings of three seeds, samples as bright as their seed's number."""
    samples = np.zeros((2, 3, 2, 4, 8, 8, 3), np.uint8) + np.uint8(10) * np.arange(3, dtype=np.uint8).reshape(
        3, 1, 1, 1, 1, 1
    )
    return xr.Dataset(
        {
            "samples": (("setting", "seed", "step", "sample", "y", "x", "channel"), samples),
            "real": (("sample", "y", "x", "channel"), np.zeros((4, 8, 8, 3), np.uint8)),
            "diverged_at": (("setting", "seed"), np.full((2, 3), -1)),
            "found": (("setting", "seed"), np.array([[30.0], [300.0]]) * [0.9, 1.0, 1.2]),
            "sure": (("setting", "seed"), np.full((2, 3), 0.5)),
        },
        {"setting": ["K = 0", "K = 10"], "method": ("setting", ["simultaneous", "unrolled"]), "seed": range(3)},
    )


def test_a_cell_is_the_median_and_its_interval():
    assert cell(np.array([1.0, 2, 9, 3, 4]))[:2] == ("3", "1 to 9, n = 5")
    assert cell(np.array([4.0, 6.0, np.nan]))[:2] == ("5", "n = 2, too few that differ for an interval")
    half = stats.t.ppf(0.975, 3) * np.std(np.log([1, 4, 2, 8]), ddof=1) / 2
    low, high = (number(float(np.sqrt(8) * np.exp(way * half))) for way in (-1, 1))
    found = cell(np.array([1.0, 4.0, 2.0, 8.0]), of="geometric mean")
    assert found[:2] == ("2.83", f"{low} to {high}, n = 4")
    assert cell(np.array([0.0, 4.0, 2.0, 8.0, 1.0]), of="geometric mean")[:2] == ("2", "0 to 8, n = 5")
    assert cell(np.array([np.nan, np.nan]))[:2] == ("–", "")


def test_where_seeds_are_not_independent_a_median_stands_alone():
    assert bare(xr.DataArray([1.0, 2.0, 9.0, np.nan])) == ("2", "", "")
    assert bare(xr.DataArray([np.nan])).text == "–"


def test_what_numbers_are_is_said_of_the_fewer_columns():
    one, two = Column("a", "Modes", ""), Column("b", "Distance", "", of="geometric mean")
    assert legend([one]).startswith("Numbers are medians over seeds")
    assert legend([one, two, one._replace(head="Digits of ten")]).startswith("Of Distance numbers are geometric")
    assert ", of the others medians over seeds" in legend([one, two, one])


def test_a_table_has_settings_and_what_they_are_compared_with(study):
    columns = [Column("found", "Found", "how many"), Column("sure", "Sure", "…")]
    made = table(study, columns, {"perfect": {"found": 1000.0}, "words": {"sure": "–"}})
    assert [row.label for row in made.rows] == ["K = 0", "K = 10", "perfect", "words"]
    assert made.rows[1].cells[0][:2] == ("300", "n = 3, too few that differ for an interval")
    assert [[each.text for each in row.cells] for row in made.rows[-2:]] == [["1,000", ""], ["", "–"]]
    assert [row.reference for row in made.rows] == [False, False, True, True]


def test_a_sheet_holds_the_images_of_the_median_seed(study):
    study["found"][0] = [5, 100, 7]
    real, first, *_ = sheets(study, "found")
    assert real.label == "real"
    assert first.origin == "seed 2"
    seen = np.asarray(Image.open(io.BytesIO(first.png)))
    assert set(np.unique(seen)) == {20, 255}
    assert len(seen) >= SIDE
    study["diverged_at"][0, 2] = 7
    assert sheets(study, "found")[1].origin == "seed 2, diverged"


def test_runs_that_diverged_are_counted_by_setting_or_by_a_coordinate(study):
    assert diverged(study) == []
    study["diverged_at"][0, 2] = study["diverged_at"][1, 0] = 7
    assert diverged(study)[0].text == "Of 6 runs: K = 0 1, K = 10 1 (measured as they last were)."
    assert diverged(study, counted="left out")[0].text.endswith("K = 10 1 (left out).")
    assert diverged(study.assign_coords(row=("setting", ["a", "a"])), "row")[0].text.startswith("Of 6 runs: a 2 ")


def test_pixels_are_those_that_are_recorded():
    from saddlery.metrics import pixels as recorded

    images = np.random.default_rng(0).uniform(-1.2, 1.2, (3, 4, 4, 1)).astype(np.float32)
    images[0, 0, 0] = np.nan
    np.testing.assert_array_equal(pixels(images), recorded(images))
    np.testing.assert_array_equal(pixels(recorded(images)), recorded(images))
