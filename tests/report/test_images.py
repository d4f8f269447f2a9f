"""Pages of the image studies: tables with intervals, sheets, and pages that need no network."""

import html
import io
import re

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from saddlery.analysis.numbers import number
from saddlery.report import coloured, images, recurrent, stacked
from saddlery.report.images import Column

DEPTHS, FRACTIONS = (0, 1, 5, 10), (0.25, 0.5)


def frame(settings, seeds=3, channels=3):
    """What all studies' datasets have, its samples as bright as their seed's number."""
    n = len(settings)
    samples = (
        np.zeros((n, seeds, 2, 4, 8, 8, channels), np.uint8) + 10 * np.arange(seeds)[:, None, None, None, None, None]
    )
    return xr.Dataset(
        {
            "samples": (("setting", "seed", "step", "sample", "y", "x", "channel"), samples.astype(np.uint8)),
            "real": (("sample", "y", "x", "channel"), np.zeros((4, 8, 8, channels), np.uint8)),
            "diverged_at": (("setting", "seed"), np.full((n, seeds), -1)),
        },
        {"setting": settings, "seed": range(seeds), "step": [0, 100]},
        {
            "title": "A <study>", "note": "Made up.", "command": "saddlery study x", "steps": 100, "modes_total": 1000,
            "samples_found": 26000, "accuracy": 0.98,
        },
    )  # fmt: skip


def unrolled(baseline=False):
    """The coordinates of a study of all depths and sizes."""
    names = [f"K = {d}, D {'¼' if f == 0.25 else '½'}" for f in FRACTIONS for d in DEPTHS]
    depth, fraction = [float(d) for _ in FRACTIONS for d in DEPTHS], [f for f in FRACTIONS for _ in DEPTHS]
    method = ["unrolled" if d else "simultaneous" for d in depth]
    if baseline:
        names, depth = [*names, "relativistic R1+R2"], [*depth, np.nan]
        fraction, method = [*fraction, 1.0], [*method, "relativistic"]
    return frame(names).assign_coords(
        {name: ("setting", value) for name, value in (("depth", depth), ("fraction", fraction), ("method", method))}
    )


def spread(middle):
    """Three seeds around each middle."""
    return ("setting", "seed"), np.array(middle, float)[:, None] * np.array([0.9, 1.0, 1.2])


@pytest.fixture
def study():
    made = unrolled(baseline=True)
    found = [30, 40, 50, 300, 500, 500, 500, 510, 1000]
    made = made.assign(
        found=spread(found), model_kl=spread(np.linspace(6, 1, 9)), data_kl=spread([np.inf] * 9),
        variation=spread(np.linspace(0.9, 0.1, 9)), chi=spread([2000.0] * 9), p=spread([0.0] * 9),
        sure=spread([0.5] * 9), counts=(("setting", "seed", "rank"), np.full((9, 3, 1000), 26)),
    )  # fmt: skip
    made["modes"] = ("setting", "seed", "step"), np.stack([made["found"].values * 2, made["found"].values], -1)
    names = [column.name for column in stacked.COLUMNS]
    made = made.assign({f"control_{name}": ("control", [7.0, 3.0]) for name in names})
    made["control"] = ["real images", "untrained generator"]
    return made.assign_attrs({f"perfect_{name}": 0.5 for name in names if name != "sure"} | {"interval_found": [1, 2]})


def test_a_cell_is_the_median_and_its_interval():
    assert images.cell(np.array([1.0, 2, 9]), number) == ("2", "1 to 9")
    assert images.cell(np.array([4.0]), number) == ("4", "")
    assert images.cell(np.array([np.nan, np.nan]), number) == ("–", "")
    assert images.told(np.array([1.0, 2, 9])) == "2 (1 to 9)"


def test_a_table_has_settings_and_what_they_are_compared_with(study):
    columns = [Column("found", "Found", "how many"), Column("sure", "Sure", "…")]
    made = images.table(study, columns, {"perfect": {"found": 1000.0}, "words": {"sure": "–"}})
    assert [row.label for row in made.rows][-3:] == ["relativistic R1+R2", "perfect", "words"]
    assert made.rows[3].cells[0] == ("300", "270 to 360")
    assert made.rows[-2].cells == [("1,000", ""), ("", "")]
    assert made.rows[-1].cells == [("", ""), ("–", "")]


def test_a_sheet_holds_the_images_of_the_median_seed(study):
    study["found"][0] = [5, 100, 7]
    real, first, *_ = images.sheets(study, "found")
    assert real.label == "real"
    assert first.origin == "seed 2"
    seen = np.asarray(Image.open(io.BytesIO(first.png)))
    assert set(np.unique(seen)) == {20, 255}
    assert len(seen) >= images.SIDE
    study["diverged_at"][0, 2] = 7
    assert images.sheets(study, "found")[1].origin == "seed 2, diverged"
    assert "K = 0, D ¼: 1 of 3" in images.diverged(study)[0].text


def whole(path, name):
    """A page's text, its references inside it, and its files' names."""
    page = path.read_text()
    assert re.findall(r"(?:src|href)=\"(?!data:|#)", page) == []
    assert "A &lt;study&gt;" in page
    files = {each.name for each in (path.parent / "figures").iterdir()}
    assert all(each.startswith(f"{name}-") for each in files)
    return html.unescape(page), files


def test_the_page_of_stacked_digits(study, tmp_path):
    page, files = whole(stacked.write(study, tmp_path), "stacked")
    assert {"stacked-depths.svg", "stacked-evenness.png", "stacked-along.svg", "stacked-samples-real.png"} <= files
    for said in ("327.2", "4.66", "1 to 2", "26,000"):
        assert said in page
    found = {finding.subject: finding.text for finding in stacked.findings(study)}
    assert "K = 10: 300 (270 to 360): with K = 10 more than without" in found["Unrolling, discriminator ¼"]
    assert "do not differ clearly" in found["Unrolling, discriminator ½"]
    assert "K = 10, D ¼ 600 (540 to 720)" in found["Along training"]  # what was lost again is said
    assert found["All 1,000 modes"].startswith("relativistic R1+R2 in 2 of 3 seeds")
    assert "refutes equal probabilities under every setting" in found["With equal probability?"]
    study["p"][-1] = [0.0, 0.5, 0.5]
    found = {finding.subject: finding.text for finding in stacked.findings(study)}
    assert (
        "does not refute equal probabilities (p ≥ 0.01 in some seed) for relativistic R1+R2."
        in (found["With equal probability?"])
    )


def test_published_figures_stand_beside_their_settings(study):
    rows = {row.label: row.cells for row in stacked.table(study).rows}
    assert [text for text, _ in rows["K = 5, D ½"][1:4:2]] == ["732", "1.66"]
    assert [text for text, _ in rows["relativistic R1+R2"][1:4:2]] == ["", ""]
    assert rows["perfect sampler"][0] == ("0.5", "1 to 2")


def test_the_page_of_coloured_digits(tmp_path):
    made = unrolled()
    made = made.assign(
        js=spread([0.6, 0.5, 0.4, 0.1, 0.2, 0.2, 0.2, 0.21]), cells=spread([50] * 8), spread=spread([0.5] * 8),
        colours=(("setting", "seed", "dot", "channel"), np.full((8, 3, 5, 3), 0.5)),
    ).assign_attrs(perfect_js=0.003, interval_js=[0.002, 0.004])  # fmt: skip
    made = made.assign({f"control_{name}": ("control", [0.5]) for name in ("js", "cells", "spread")})
    made["control"] = ["one image"]
    page, files = whole(coloured.write(made, tmp_path), "coloured")
    assert {"coloured-depths.svg", "coloured-plane.png"} <= files
    found = {finding.subject: finding.text for finding in coloured.findings(made)}
    assert "K = 10: 0.1 (0.09 to 0.12): less with K = 10 than without" in found["Discriminator ¼"]
    assert "do not differ clearly" in found["Discriminator ½"]
    assert all(text in page for text in found.values())
    assert "A perfect sampler scores 0.003, one image repeated 0.5" in found["Between what limits"]


def test_the_page_of_recurrent_generators(tmp_path):
    made = frame(["K = 0", "K = 10"], channels=1).assign_coords(
        depth=("setting", [0.0, 10.0]), method=("setting", ["simultaneous", "unrolled"])
    )
    names = [column.name for column in recurrent.COLUMNS]
    made = made.assign({name: spread([1.0, 5.0]) for name in names})
    made = made.assign({f"control_{name}": ("control", [7.0, 6.0]) for name in names})
    made["distances"] = ("setting", "seed", "pair"), np.ones((2, 3, 6))
    made["control_distances"] = ("control", "pair"), np.ones((2, 6))
    made["control"] = ["real images", "noise of the same pixels"]
    page, files = whole(recurrent.write(made, tmp_path), "recurrent")
    assert "recurrent-distances.svg" in files
    found = {finding.subject: finding.text for finding in recurrent.findings(made)}
    text = found["Collapse, in pixels"]
    assert "K = 0 1 (0.9 to 1.2), K = 10 5 (4.5 to 6); of real images 7, of noise of the same pixels 6" in text
    assert "It is larger under K = 10 than under K = 0" in text
    assert all(each in page for each in found.values())
    assert found["Digits found"].endswith("of real images 700.0%.")
    made["pixels"] = spread([1.0, 1.1])
    assert "The intervals of K = 0 and K = 10 overlap" in recurrent.compared(made, "pixels")
