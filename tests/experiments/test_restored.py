"""How a setting of an experiment is named: by label, text, beginning, levels, or as the best."""

import numpy as np
import pytest
import xarray as xr

from saddlery.experiments import best
from saddlery.experiments.best import best_setting
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.restored import setting_of

METHODS = (
    "unrolled(steps=[1, 10])",
    "consensus",
    "consensus_discriminator",
    "simultaneous(generator='adam(learning_rate=0.001, b1=0.5)')",
)
FOUR = Experiment("ring", METHODS)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        (None, "unrolled(steps=1)"),
        ("unrolled(steps=1)", "unrolled(steps=1)"),
        ("unrolled( steps = 10 )", "unrolled(steps=10)"),
        ("unrolled(steps=10", "unrolled(steps=10)"),
        ("consensus", "consensus"),  # a name goes before a beginning
        ("consensus_", "consensus_discriminator"),
        ("sim", METHODS[-1]),
        ("simultaneous", METHODS[-1]),
        ('simultaneous(generator="adam(learning_rate=1e-3, b1=.5)")', METHODS[-1]),
        ('simultaneous(generator="adam(', METHODS[-1]),
    ],
)
def test_a_setting_is_named_by_its_text_or_its_only_beginning(text, label):
    assert setting_of(FOUR, text).label == label


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("unrolled(steps=1", r"several of this run begin with 'unrolled\(steps=1': unrolled\(steps=1\), unrolled\(st"),
        ("con", "several of this run begin with 'con': consensus, consensus_discriminator"),
        ("unrolled", r"several of 'unrolled': unrolled\(steps=1\), unrolled\(steps=10\)"),
        ("uncon", "unknown method of this run 'uncon'. Allowed: consensus, consensus_disc"),
        ("unrolled(steps=[1, 10])", "unknown method of this run"),
        ("", "unknown method of this run"),
    ],
)
def test_a_beginning_of_several_settings_or_of_none_names_what_there_is(text, said):
    with pytest.raises(ValueError, match=said):
        setting_of(FOUR, text)


def test_a_rounded_level_names_the_setting_that_it_is_of():
    rates = Experiment("ring", ("consensus(gamma=geomspace(1.0, 100.0, 4))",))
    exact = rates.settings[1].levels["gamma"]
    assert exact != 4.642
    for how in ({"gamma": exact}, {"gamma": 4.642}):
        assert setting_of(rates, **how).label == "consensus(gamma=4.642)"
    for text in ("consensus(gamma=4.642)", f"consensus(gamma={exact})"):
        assert setting_of(rates, text).levels["gamma"] == exact
    with pytest.raises(ValueError, match=r"gamma: got 4\.6, expected one of 1\.0, 4\.64158883361"):
        setting_of(rates, gamma=4.6)


def results(games=("ring", "ring"), **values):
    """Two settings, three seeds, two records: each measure from 0 to its last values `(setting, seed)`."""
    dims = ("setting", "seed", "step")
    held = {name: (dims, np.stack([0 * np.asarray(v, float), v], -1)) for name, v in values.items()}
    held |= {"diverged_at": (dims[:2], np.full((2, 3), -1)), "game": ("setting", list(games))}
    return xr.Dataset(held, {"setting": ["a", "b"], "seed": range(3), "step": [0, 9]})


@pytest.mark.parametrize(
    ("held", "label", "by"),
    [
        (
            results(modes=[[8, 8, 1], [7, 8, 7]], high_quality=[[0.1] * 3, [0.9] * 3]),
            "a",
            "modes covered, then high-quality share",
        ),
        (
            results(modes=[[8] * 3, [8] * 3], high_quality=[[0.1] * 3, [0.9] * 3]),
            "b",
            "modes covered, then high-quality share",
        ),
        (results(sliced_wasserstein=[[1, 1, 9], [2, 2, 0]]), "a", "sliced Wasserstein"),
        (results(generator_norm=[[3] * 3, [2] * 3]), "b", "generator's gradient norm"),
    ],
)
def test_the_best_is_that_of_the_page_s_rule_and_says_that_its_runs_flatter_it(held, label, by, monkeypatch):
    monkeypatch.setattr(best, "open_results", lambda *_: held)
    found = best_setting("mine", 2)
    assert found.label == label
    assert found.caveat == (
        f"{label} is the best of 2 settings by {by}, the median over 3 seeds at the last record; it was chosen on "
        "these runs, whose numbers flatter it: judge it on fresh ones, by another --key"
    )
    assert "2 settings (3 more are not finished) by" in best_setting("mine", 5).caveat
    assert best_setting("mine", 1, ["a"]) == ("a", "")


def test_there_is_no_best_of_games_on_different_scales_nor_of_nothing(monkeypatch):
    held = results(("ring", "grid"), generator_norm=[[3] * 3, [2] * 3])
    monkeypatch.setattr(best, "open_results", lambda *_: held)
    with pytest.raises(ValueError, match=r"train different games \(grid, ring\), whose numbers are not on one scale"):
        best_setting("mine", 2)
    held = held.drop_vars("generator_norm")
    with pytest.raises(ValueError, match="records nothing by which a setting could be the best"):
        best_setting("mine", 2)
    modes = results(("ring(batch=8)", "ring(batch=9)"), modes=[[3] * 3, [2] * 3])
    for totals, fits in (([8, 8], True), ([8, 9], False)):
        held = modes.assign(modes_total=("setting", totals))
        if fits:
            assert best_setting("mine", 2).label == "a"
        else:
            with pytest.raises(ValueError, match="different games"):
                best_setting("mine", 2)
