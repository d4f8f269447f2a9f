"""What is said of a made-up study: of four rivals one is better in every seed, one worse, and one no different."""

import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid

from saddlery.studies.fair import page
from saddlery.studies.fair.figures import settings
from saddlery.studies.fair.findings import findings

RIVALS = ("simultaneous", "better", "worse", "as good <&>")
RATES = (1e-3, 1e-2, 1e-1)
SEEDS = 8


def study(images=False):
    """The middle learning rate is the best of each; "better" has a parameter, of which 1 is the best value."""
    rows = [(name, value, rate) for name in RIVALS for value in ((0.1, 1.0) if name == "better" else (np.nan,))
            for rate in RATES]  # fmt: skip
    ends = []
    for name, value, rate in rows:
        own = {"simultaneous": 5, "better": 8 if value == 1.0 else 6, "worse": 2, "as good <&>": 5}[name]
        wobble = np.resize([1, -1, 0, 0], SEEDS) if name == "as good <&>" else np.zeros(SEEDS)
        ends.append((own + wobble) * (rate == RATES[1]))
    modes = np.stack([np.zeros((len(rows), SEEDS)), ends, ends], axis=-1)
    dims = ("setting", "seed", "step")
    values = {"modes": (dims, modes), "high_quality": (dims, modes / 10)}
    attrs = {"modes_total": 8, "close": 0.75}
    if images:
        values = {"sliced_wasserstein": (dims, 1 - modes / 10)}
        attrs = {"perfect_sliced_wasserstein": 0.1, "close": 2.5}
    return xr.Dataset(
        values
        | {
            "diverged_at": (("setting", "seed"), np.full((len(rows), SEEDS), -1)),
            "cost": ("setting", [1.0 + RIVALS.index(name) for name, *_ in rows]),
            "gradients": ("setting", [2.0] * len(rows)),
        },
        {
            "setting": [
                name + (f", γ {value:g}" if value == value else "") + f", learning rate {rate:g}"
                for name, value, rate in rows
            ],
            "rival": ("setting", [name for name, *_ in rows]),
            "learning_rate": ("setting", [rate for *_, rate in rows]),
            "seed": np.arange(SEEDS),
            "step": [0, 10, 20],
        },
        {
            "title": "A <fair> comparison", "game": "ring", "optimisers": "adam", "versions": "saddlery 0.1.0",
            "command": "saddlery study fair-ring", "steps": 20, "every": 10, "samples_measured": 100,
        } | attrs,
    )  # fmt: skip


@pytest.mark.parametrize("images", [False, True])
def test_what_the_seeds_support_is_told_from_what_they_do_not(images):
    found = {finding.subject: finding.text for finding in findings(study(images))}
    said = found["Sliced Wasserstein" if images else "Modes covered"]
    more, less = ("−0.3", "+0.3") if images else ("+3", "−3")
    assert said.startswith("2 of 3 differences from simultaneous hold after the correction for their number.")
    assert f"Better: better ({more}). Worse: worse ({less})." in said
    assert "Not told apart from simultaneous: as good <&>." in said


def test_how_many_settings_cover_all_modes_is_said_beside_how_many_work():
    of = study()
    of["high_quality"][:] = 0.0  # nothing works any more
    said = {finding.subject: finding.text for finding in findings(of)}["How much tuning"]
    assert said.startswith("Settings at which at least half of the seeds work: none. At no setting: better, ")
    assert "At which they cover all modes, near or not: better 1 of 6. At no setting: " in said
    images = {finding.subject: finding.text for finding in findings(study(True))}["How much tuning"]
    assert "cover" not in images


def test_a_difference_whose_interval_only_excludes_zero_is_said_apart():
    of = study()
    of["modes"][-2, :, 1:] = np.array([7, 7, 7, 7, 5, 5, 5, 5])[:, None]  # two more, but in half of the seeds only
    said = {finding.subject: finding.text for finding in findings(of)}["Modes covered"]
    assert "With an interval that excludes zero, but not after the correction: as good <&> (+1)." in said


def test_rivals_are_ordered_and_their_numbers_are_those_of_the_data():
    table = page.table(study())
    heads = [head for head, _ in table.heads][1:]
    rows = {row.label: dict(zip(heads, row.cells, strict=True)) for row in table.rows}
    assert list(rows) == ["better", "simultaneous", "as good <&>", "worse"]
    better = rows["better"]
    assert better["Modes covered"][:2] == ("8", "8–8")
    assert better["High-quality share"][:2] == ("80.0%", "80.0%–80.0%")
    shown = {head: cell.text for head, cell in better.items()}
    assert (shown["Settings"], shown["Seeds"], shown["Best setting"]) == ("1 of 6", "8 of 8", "γ 1, 0.01")
    assert (shown["Steps until there"], shown["Cost of a step"], shown["Time until there"]) == ("10", "2", "20")
    difference = "Difference from simultaneous"
    assert (better[difference].text, better[difference].tone) == ("+3", "bold")
    assert (rows["as good <&>"][difference].text, rows["as good <&>"][difference].tone) == ("±0", "soft")
    assert rows["simultaneous"][difference].text == ""
    assert rows["worse"]["Steps until there"].text == "–"


def test_a_best_setting_at_the_end_of_the_range_is_said():
    of = study().isel(setting=slice(1, None, 1))
    of = of.isel(setting=np.flatnonzero(of["learning_rate"].values > RATES[0]))
    assert "so perhaps not yet at its best: simultaneous, better" in findings(of)[-1].text


def test_the_map_has_a_row_for_every_value_of_a_parameter():
    alt = settings(study()).alt
    assert alt.startswith(
        "Modes covered by learning rate (0.001, 0.01, 0.1): simultaneous 0, 5, 0; better, γ 0.1 0, 6, 0;"
    )


@pytest.mark.parametrize("images", [False, True])
def test_every_number_that_is_said_is_in_the_data(images):
    of = study(images)
    assert unsaid(findings(of), of) == {}
