"""What is said of a made-up study: of four rivals one is better in every seed, one worse, and one no different."""

import numpy as np
import pytest
import xarray as xr
from checks.findings import unsaid

from saddlery.studies.fair import page
from saddlery.studies.fair.figures import settings, spread, thresholds, tuned
from saddlery.studies.fair.findings import criterion, findings

RIVALS = ("simultaneous", "better", "worse", "as good <&>")
RATES = (1e-3, 1e-2, 1e-1)
SEEDS = 8
WOBBLE = np.resize([1, -1, 0, 0.5, -0.5, 0], SEEDS)  # of a rival that is no better


def study(images=False):
    """The middle learning rate is the best of each; "better" has a parameter, of which 1 is the best value."""
    rows = [(name, value, rate) for name in RIVALS for value in ((0.1, 1.0) if name == "better" else (np.nan,))
            for rate in RATES]  # fmt: skip
    ends = []
    for name, value, rate in rows:
        own = {"simultaneous": 5, "better": 8 if value == 1.0 else 6, "worse": 2, "as good <&>": 5}[name]
        wobble = WOBBLE if name == "as good <&>" else np.zeros(SEEDS)
        ends.append((own + wobble) * (rate == RATES[1]))
    modes = np.stack([np.zeros((len(rows), SEEDS)), ends, ends], axis=-1)
    dims, fresh = ("setting", "seed", "step"), ("tested", "pair")
    best = np.array([1, 7, 10, 13])  # the settings at the middle rate, of the rivals in their order
    judged = np.array(ends)[best]
    values = {"modes": (dims, modes), "high_quality": (dims, modes / 10),
              "test_modes": (fresh, judged), "test_high_quality": (fresh, judged / 10),
              "test_success": (fresh, judged >= 8)}  # fmt: skip
    attrs = {"modes_total": 8, "close": 0.75}
    if images:
        values = {"sliced_wasserstein": (dims, 1 - modes / 10), "test_sliced_wasserstein": (fresh, 1 - judged / 10),
                  "test_success": (fresh, judged >= 7.5)}  # fmt: skip
        attrs = {"perfect_sliced_wasserstein": 0.1, "close": 2.5}
    values |= {"test_reached": (fresh, np.where(judged >= 8, 10.0, np.inf)),
               "chosen": (fresh, np.tile(best[:, None], SEEDS))}  # fmt: skip
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
            "method": ("setting", [name.split()[0] for name, *_ in rows]),
            "learning_rate": ("setting", [rate for *_, rate in rows]),
            "seed": np.arange(SEEDS),
            "step": [0, 10, 20],
            "tested": list(RIVALS),
            "pair": np.arange(SEEDS),
        },
        {
            "title": "A <fair> comparison", "game": "ring", "optimisers": "adam", "versions": "saddlery 0.1.0",
            "command": "saddlery study fair-ring", "steps": 20, "every": 10, "samples_measured": 100,
        } | attrs,
    )  # fmt: skip


def said(of):
    """What is said of a study, by subject."""
    return {finding.subject: finding.text for finding in findings(of)}


@pytest.mark.parametrize("images", [False, True])
def test_what_the_seeds_support_is_told_from_what_they_do_not(images):
    text = said(study(images))["Sliced Wasserstein" if images else "Modes covered"]
    assert text.startswith("2 of 3 differences from simultaneous hold after Holm's correction.")
    assert "Better: better. Worse: worse. Not told apart from simultaneous: as good <&>." in text


def test_a_difference_that_only_holds_alone_is_said_apart():
    """Seven of eight pairs one better, one one worse: 18 of 256 ways to swap are as far, 7.0%; six better, 3.1%."""
    of = study()
    of["test_modes"][-1] = np.array([6, 6, 6, 6, 6, 6, 6, 4])
    assert "alone" not in said(of)["Modes covered"]
    of["test_modes"][-1] = np.array([6, 6, 6, 6, 6, 6, 5, 5])  # 2 of 2⁶, and both measures of the other two hold
    assert "Below 0.05 alone" not in said(of)["Modes covered"]  # of three differences, it is the last: it holds
    of["test_modes"][1] = 5 + WOBBLE
    text = said(of)["Modes covered"]
    assert "1 of 3 differences" in text
    assert "Below 0.05 alone, but not after the correction: as good <&>. Not told apart from simultaneous: bet" in text


def test_too_few_pairs_test_nothing():
    text = said(study().isel(pair=slice(5)))["Modes covered"]
    assert text.startswith(
        "No test: 5 pairs of seeds are too few for 3 differences; the least corrected p would be 0.1"
    )


def test_a_rival_of_more_settings_is_compared_at_as_few():
    """Of six settings, one comes to 8, one to 6, four to 0: the best of any three comes to 8 in 10 of 20, 6 in 6."""
    of = study()
    text = said(of)["Equal tuning"]
    assert text.startswith("1 of 4 rivals were tried at more settings than simultaneous's 3.")
    table = page.equal(of)
    cells = {row.label: row.cells for row in table.rows}
    assert [cell.text for cell in cells["better"]] == ["6", "5.8", "5.8", "5.8"]
    assert [cell.text for cell in cells["simultaneous"]] == ["3", "5", "5", "5"]
    assert "+0.8" in cells["better"][1].range
    of["modes"][:, :, 1] /= 2  # at half of the steps, which are as many gradients as all of another's
    assert [cell.text for cell in {row.label: row.cells for row in page.equal(of).rows}["better"]][1:3] == [
        "5.8",
        "2.9",
    ]
    of = study()
    assert "it does not, or there is none, for better" in text  # all pairs are alike, so no interval
    of["modes"] = of["modes"] + 1e-3 * xr.DataArray(np.arange(SEEDS), dims="seed") * (of["rival"] == "better")
    assert "leaves out zero for better" in said(of)["Equal tuning"]
    of["test_modes"][1] = 5.0
    assert "None of them is said to be better." in said(of)["Equal tuning"]
    same = study().isel(setting=np.flatnonzero(study()["rival"] != "better"), tested=[0, 2, 3])
    same["chosen"] = same["chosen"] * 0
    assert said(same)["Equal tuning"] == "All were tried at as many settings, 3."


def test_rivals_are_ordered_and_their_numbers_are_those_of_the_data():
    table = page.table(study())
    heads = [head for head, _ in table.heads][1:]
    rows = {row.label: dict(zip(heads, row.cells, strict=True)) for row in table.rows}
    assert list(rows) == ["better", "simultaneous", "as good <&>", "worse"]
    better = rows["better"]
    assert better["Modes covered"][:2] == ("8", "8 to 8, n = 8")
    assert better["High-quality share"][:2] == ("80.0%", "80.0% to 80.0%, n = 8")
    assert better["Seeds"][:2] == ("8 of 8", "63.1% to 100.0%, n = 8")  # (2.5%)^(1/8)
    shown = {head: cell.text for head, cell in better.items()}
    assert shown["Best setting"] == "γ 1, 0.01"
    assert (shown["Steps until there"], shown["Cost of a step"], shown["Time until there"]) == ("10", "2", "20")
    difference = "Difference in modes covered"
    assert (better[difference].text, better[difference].tone) == ("+3", "bold")
    assert better[difference].range == "n = 8, too few that differ for an interval, p 0.0234"  # 3 · 2 / 2⁸
    assert (rows["as good <&>"][difference].text, rows["as good <&>"][difference].tone) == ("±0", "soft")
    assert rows["simultaneous"][difference].text == ""
    assert rows["worse"]["Steps until there"].text == "–"


def test_what_became_of_runs_and_at_how_many_rates_they_work_is_told_apart():
    of = study()
    of["diverged_at"][0] = 5
    of["modes"][7, 0, -1] = 7.0  # it worked at the record before
    rows = {row.label: [cell.text for cell in row.cells] for row in page.fates(of).rows}
    assert rows["better"] == ["0, 1 of 3", "0, 0 of 3", "7 of 48", "1 of 48", "40 of 48", "0 of 48"]
    assert rows["simultaneous"][2:] == ["0 of 24", "0 of 24", "16 of 24", "8 of 24"]
    assert thresholds(of).alt == "Of 120 runs of tuning: reached 7, lost 1, not yet 104, diverged 8."
    assert "simultaneous 1.67 of one and 5 of 3" in tuned(study()).alt


def test_the_figure_has_the_medians_and_the_same_order_as_the_table():
    alt = spread(study()).alt
    assert alt.startswith(
        "Medians over pairs of seeds of modes covered and high-quality share: better 8; simultaneous 5;"
    )
    assert "worse 2; better 80.0%; simultaneous 50.0%" in alt


def test_names_of_the_same_method_are_said_to_be_that():
    of = study().assign_coords(tested=["simultaneous", *(f"simultaneous {i}" for i in (2, 3, 4))])
    names = dict(zip(RIVALS, of["tested"].values, strict=True))
    of = of.assign_coords(rival=("setting", [str(names[name]) for name in of["rival"].values]))
    assert page.content(of).note.startswith("All rivals are simultaneous descent, each with keys of its own")
    assert page.content(study()).note.startswith("All have the same seeds, networks")


def test_a_best_setting_at_the_end_of_the_range_is_said():
    of = study()
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


def test_where_nothing_differs_nothing_is_told_apart():
    of = study()
    of["test_modes"][1:3] = 5 + WOBBLE
    assert said(of)["Modes covered"] == (
        "0 of 3 differences from simultaneous hold after Holm's correction. Not told apart from simultaneous: all."
    )


def test_rivals_of_fewer_settings_are_not_said_to_be_tried_at_as_many():
    same = study().isel(setting=np.flatnonzero(study()["rival"] != "better")[:-1], tested=[0, 2, 3])
    same["chosen"] = same["chosen"] * 0
    assert said(same)["Equal tuning"] == (
        "0 of 3 rivals were tried at more settings than simultaneous's 3. None of them is said to be better."
    )


@pytest.mark.parametrize(("images", "there"), [(False, "all modes covered"), (True, "a run that works")])
def test_who_is_there_first_in_steps_and_in_time_is_told(images, there):
    of = study(images)
    text = said(of)["Time"]
    assert text.startswith(f"The median run of 1 of 4 rivals came to {there}, ")
    assert "The fewest steps are those of better, the least time that of better;" in text
    of["test_reached"][0] = 12.0  # and a step costs half as much
    text = said(of)["Time"]
    assert text.startswith("The median run of 2 of 4 rivals")
    assert "The fewest steps are those of better, the least time that of simultaneous;" in text
    of["test_reached"][:] = np.inf
    assert said(of)["Time"] == f"No rival's median run came to {there}."


def test_the_dearest_step_is_that_of_the_greatest_cost():
    of = study()
    assert said(of)["Cost of a step"].startswith("The dearest step is that of as good <&>, the time of 4 of sim")
    of["cost"][(of["rival"] == "worse").values] = 9.0
    assert said(of)["Cost of a step"].startswith("The dearest step is that of worse, the time of 9 of simultaneous")


def test_choices_that_are_split_between_settings_are_counted():
    of = study()
    text = "no setting is chosen by more than half of the 8 seeds of tuning."
    assert said(of)["Caution"] == f"For 0 of 4 rivals {text}"
    of["chosen"][0] = np.resize([0, 1], SEEDS)
    assert said(of)["Caution"] == f"For 1 of 4 rivals {text}"


def test_when_a_run_works_is_said_in_the_words_of_the_criterion():
    assert criterion(study()) == "all 8 modes are covered and at least 75.0% of the samples are near one"
    assert criterion(study(images=True)).endswith("is at most 2.5 times a perfect sampler's, 0.25")
