"""What a study does with a folder, and the names of all."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from saddlery.report.finding import Finding
from saddlery.report.sections import Content, Section
from saddlery.studies.study import SCALES, STUDIES, Study, find, kept

DOCS = Path(__file__).parents[2] / "docs"


@pytest.fixture
def study():
    def measure(parts, scale, progress):
        return kept(parts / "x.zarr", lambda: xr.Dataset({"x": ("i", np.full(scale, 2.0))}, attrs={"note": "a `note`"}))

    return Study(
        "made-up", "A <title>", "Is it so?", "Nobody (2000)", dict.fromkeys(SCALES, 3), measure,
        lambda results: [Finding("Sum", f"{float(results['x'].sum()):g}", "good", {"x": 6})],
        lambda results: Content("3 numbers.", [Section("Heading", "`code` <b>")]),
    )  # fmt: skip


def test_results_are_kept_and_come_back_as_they_were(study, tmp_path):
    results = study.run(tmp_path, "tiny")
    assert results["x"].values.tolist() == [2, 2, 2]
    assert results.attrs == {
        "note": "a `note`", "title": "A <title>", "command": "saddlery study made-up --scale tiny", "scale": "tiny",
    }  # fmt: skip
    xr.testing.assert_identical(study.open(tmp_path), results)
    (tmp_path / "parts" / "tiny" / "x.zarr").rename(tmp_path / "gone")
    xr.testing.assert_identical(study.run(tmp_path, "tiny"), results)


def test_the_page_asks_tells_and_escapes(study, tmp_path):
    page = study.page(study.run(tmp_path), tmp_path).read_text()
    assert "A &lt;title&gt;" in page
    assert "Is it so? After Nobody (2000)." in page
    assert "<dt>Sum</dt><dd>6</dd>" in page
    assert "<code>code</code> &lt;b&gt;" in page
    assert "a <code>note</code>" in page
    assert "made-up</span>" in page


def test_mistakes_are_named(study, tmp_path):
    with pytest.raises(ValueError, match="unknown scale 'papre'; did you mean 'paper'"):
        study.run(tmp_path, "papre")
    with pytest.raises(FileNotFoundError, match="holds no study made-up"):
        study.open(tmp_path)
    with pytest.raises(ValueError, match="unknown study 'atlsa'; did you mean 'atlas'"):
        find("atlsa")


@pytest.mark.parametrize("name", STUDIES)
def test_every_study_is_found_by_its_name_and_has_every_scale(name):
    found = find(name)
    assert found.name == name
    assert {"tiny", "quick"} < set(found.scales) <= set(SCALES)
    assert found.asks.endswith("?")
    table, _, _ = (DOCS / "studies.md").read_text().partition("## ")
    rows = [line for line in table.splitlines() if line.startswith("|") and f"`{name}`" in line]
    assert [found.asks in row for row in rows] == [True]
