"""Pages of experiments with many settings."""

import io

import numpy as np
import pytest
import xarray as xr
from PIL import Image
from rich.console import Console

from saddlery.analysis.measures import MEASURES
from saddlery.analysis.sweeps import axis, shown
from saddlery.plots.heat import heat
from saddlery.report import sweeps
from saddlery.report.page import write
from saddlery.report.summary import table

RATES = [1e-3, 1e-2, 1e-1]


@pytest.fixture
def sweep(mixture):
    """The made-up experiment's four methods, each at three learning rates, consensus with two γ: 15 settings."""
    methods = ["simultaneous", "alternating", "consensus", "consensus", "unrolled"]
    gammas = np.repeat([np.nan, np.nan, 0.1, 10.0, np.nan], 3)
    parts = [mixture.isel(setting=[i]) for i in (0, 1, 2, 2, 3) for _ in RATES]
    whole = xr.concat(parts, "setting", data_vars="minimal", coords="minimal", compat="override", join="override")
    whole["modes"] = whole["modes"] - np.tile([1, 0, 2], 5)[:, None, None]  # the middle learning rate is the best
    names = np.repeat(methods, 3)
    return whole.assign_coords(
        setting=[f"setting {i}" for i in range(15)],
        method=("setting", names), gamma=("setting", gammas), learning_rate=("setting", RATES * 5),
    ).assign_attrs(cells=15)  # fmt: skip


def test_few_settings_are_all_shown(mixture):
    assert axis(mixture) is None
    assert shown(mixture) is mixture
    assert sweeps.every(mixture) is None
    assert sweeps.findings(mixture) == []


def test_of_many_the_best_of_each_method_is_shown(sweep):
    chosen = shown(sweep)
    assert chosen["method"].values.tolist() == ["simultaneous", "alternating", "consensus", "unrolled"]
    assert (chosen["learning_rate"] == 1e-2).all()


def test_the_map_has_a_row_for_every_method_and_parameter_and_a_column_for_every_learning_rate(sweep):
    assert list(dict.fromkeys(sweeps.rows(sweep, "learning_rate"))) == [
        "simultaneous", "alternating", "consensus(gamma=0.1)", "consensus(gamma=10)", "unrolled",
    ]  # fmt: skip
    picture = sweeps.every(sweep)
    assert picture is not None
    medians = sweep["modes"].isel(step=-1, setting=slice(12, 15)).where(sweep["diverged_at"] < 0).median("seed")
    told = ", ".join(f"{value:.3g}" for value in medians.values)
    assert picture.alt.startswith("Modes covered by learning rate (0.001, 0.01, 0.1): simultaneous")
    assert picture.alt.endswith(f"unrolled {told}.")


def test_without_learning_rates_the_columns_are_the_number_with_most_values(sweep):
    assert axis(sweep.drop_vars("learning_rate")) == "gamma"
    assert axis(sweep.drop_vars(["learning_rate", "gamma"])) is None


def test_a_sweep_that_is_not_finished_says_so(sweep, mixture):
    (finding, _) = sweeps.findings(sweep.isel(setting=slice(0, 13)))
    assert (finding.subject, finding.text) == (
        "Not finished", "13 of 15 settings are finished, and only they are here.",
    )  # fmt: skip
    assert [each.subject for each in sweeps.findings(mixture.assign_attrs(cells=9))] == ["Not finished"]


def test_how_many_settings_work_is_counted(sweep):
    (finding,) = sweeps.findings(sweep)
    full = ((sweep["modes"].isel(step=-1) >= 8) & (sweep["diverged_at"] < 0)).mean("seed").values >= 0.5
    assert f"unrolled {full[12:].sum()} of 3" in finding.text
    assert f"consensus {full[6:12].sum()} of 6" in finding.text
    assert full[13]
    sweep["diverged_at"][13, 1:] = 5  # of one seed that is left the median would cover all
    (finding,) = sweeps.findings(sweep)
    assert f"unrolled {full[12:].sum() - 1} of 3" in finding.text
    sweep["modes"][:] = 7.0
    assert sweeps.findings(sweep)[0].tone == "bad"


def test_the_page_shows_the_map_and_no_more_curves_than_methods(sweep, tmp_path):
    page = write([sweep], tmp_path).read_text()
    assert "Of 15 settings only the best of each method is shown" in page
    assert "last record: modes covered, then high-quality share." in page
    assert "Heat map of all settings" in page
    assert page.count("<tr>") == 1 + 4  # the head and the best of each; the perfect sampler's row has a class
    assert any(path.name.endswith("-map.svg") for path in (tmp_path / "figures").iterdir())


def test_without_modes_the_nearest_is_the_best(sweep):
    images = sweep.drop_vars(["modes", "high_quality"])
    images["sliced_wasserstein"] = 1 / (1 + sweep["modes"])
    assert (shown(images)["learning_rate"] == 1e-2).all()
    assert sweeps.every(images).alt.startswith("Sliced Wasserstein by learning rate")


def test_without_a_share_near_modes_their_number_alone_chooses(sweep):
    assert (shown(sweep.drop_vars("high_quality"))["learning_rate"] == 1e-2).all()


def test_a_level_inside_a_text_has_its_column_and_the_text_no_rows(sweep):
    rates = sweep["learning_rate"].values
    texts = [f"adam(learning_rate={rate}, b1=0.5)" for rate in rates]
    inside = sweep.drop_vars("learning_rate").assign_coords(
        generator=("setting", texts), generator_learning_rate=("setting", rates)
    )
    assert axis(inside) == "generator_learning_rate"
    assert sweeps.rows(inside, "generator_learning_rate") == sweeps.rows(sweep, "learning_rate")
    texts = [text if i % 2 else "sgd" for i, text in enumerate(texts)]
    mixed = inside.assign_coords(gamma=("setting", [np.nan] * 15), generator=("setting", texts))
    assert "generator=sgd" in sweeps.rows(mixed, "generator_learning_rate")[0]  # it tells settings apart


@pytest.mark.parametrize("count", [200, 201])
def test_the_terminal_s_table_has_a_row_for_each_of_at_most_200_settings(sweep, count):
    many = sweep.isel(setting=np.arange(count) % 15)
    many = many.assign_coords(setting=[f"setting {i}" for i in range(count)])
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(table([many]))
    printed = console.export_text()
    assert printed.count("setting ") == (200 if count == 200 else 4)
    assert ("The best of each method, of 201 settings." in printed) == (count == 201)


def test_a_map_of_many_settings_is_bounded_and_says_where_the_best_is():
    rows, columns = [f"row {i}" for i in range(100)], [str(j) for j in range(300)]
    values = np.random.default_rng(0).uniform(1, 2, (100, 300))
    values[3], values[70, 200], values[71, 201] = np.nan, 0.5, 3.0
    for name, best in (("sliced_wasserstein", "row 70, 200"), ("modes", "row 71, 201")):
        picture = heat(rows, columns, values, MEASURES[name], "learning rate")
        assert "100 rows by 300 columns, 29,700 with a number, 0.5 to 3, the best at " + best in picture.alt
        assert len(picture.alt) < 200
        with Image.open(io.BytesIO(picture.png)) as image:
            assert max(image.size) < 3000
        assert len(picture.svg) < 300_000
    nothing = heat(rows, columns, np.full((100, 300), np.nan), MEASURES["modes"], "learning rate")
    assert nothing.alt.endswith("100 rows by 300 columns, 0 with a number.")


def test_numbers_stand_in_the_cells_of_a_map_of_up_to_600():
    values = np.arange(600.0).reshape(30, 20) + 1
    rows, columns = [f"row {i}" for i in range(30)], [str(j) for j in range(20)]
    written = heat(rows, columns, values, MEASURES["sliced_wasserstein"], "learning rate")
    assert "row 29 581, 582" in written.alt
    rows.append("row 30")
    bare = heat(rows, columns, np.vstack([values, values[:1]]), MEASURES["sliced_wasserstein"], "learning rate")
    assert "31 rows by 20 columns, 620 with a number, 1 to 600, the best at row 0, 0" in bare.alt
