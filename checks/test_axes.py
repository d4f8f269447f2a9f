"""Every numeric argument of every game is an axis: the sweep is trained, and its page, table and file are written."""

import inspect
import re
from ast import literal_eval

import pytest

from saddlery.cli import main
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.levels import with_levels
from saddlery.experiments.opening import open_results
from saddlery.games import GAMES

SMALL = {  # what keeps a game small, and the numbers of an axis where the usual two do not fit
    "bilinear": "",
    "coloured": "network='stacked(width=4, normalised=False)', noise=4, batch=8",
    "digits": "width=8, noise=4, batch=8",
    "dirac": "",
    "grid": "side=2, preset='numerics', width=4, noise=4, batch=8",
    "images": "network='conv3(width=2, hidden=4)', noise=4, batch=8",
    "moons": "width=4, noise=4, batch=8",
    "quadratic": "A=[[0.5]], B=[[1.0]], C=[[0.5]]",
    "random_features": "game='ring(width=4)', number=8",
    "ring": "preset='numerics', width=4, noise=4, batch=8",
    "stacked": "network='stacked(width=4, normalised=False)', noise=4, batch=8",
    "two_gaussians": "",
}
VALUES = {"modes": "[4, 8]", "side": "[2, 3]", "size": "[8, 16]", "std": "[0.01, 0.1]", "coupling": "[0.5, 1.5]"}
KINDS = {int: "[2, 4]", float: "[0.5, 1.0]"}


def axes():
    """Each game with each of its arguments that are numbers, and an axis of it."""
    for name, game in GAMES.items():
        for argument, parameter in inspect.signature(game).parameters.items():
            kinds = [kind for kind in KINDS if kind.__name__ in str(parameter.annotation).replace("| None", "").split()]
            kind = kinds[0] if kinds else parameter.annotation if parameter.annotation in KINDS else None
            if kind is not None or argument in VALUES:
                yield name, argument, VALUES.get(argument) or KINDS[kind]
    yield "dirac", "penalty", "'r1(weight=[0.5, 1.0])'"


CASES = list(axes())


@pytest.mark.parametrize(("name", "argument", "axis"), CASES, ids=[f"{name}-{argument}" for name, argument, _ in CASES])
def test_an_argument_is_an_axis(name, argument, axis, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ", ".join(each for each in SMALL[name].split(", ") if each and not each.startswith(f"{argument}="))
    text = f"{name}({given}{', ' if given else ''}{argument}={axis})"
    results = run(Experiment(text, ("simultaneous",), steps=2, every=1, seeds=2, samples=100, shown=16), "out")
    assert results.sizes["setting"] == 2
    assert main(["report", "out"]) == main(["export", "out"]) == 0
    page = (tmp_path / "out" / "report.html").read_text()
    assert not re.search(r">\s*(?:nan|None|inf)\s*<", page)
    level = "penalty_weight" if argument == "penalty" else "modes_" if argument == "modes" else argument
    assert with_levels(results).sel({level: literal_eval(axis)[1]} if level != "penalty_weight" else {level: 1.0})


def test_a_level_called_rate_is_selected_as_rate(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("--steps", "2", "--seeds", "1", "--every", "1", "--out", "out", "--quiet")
    assert main(["run", "bilinear", "-m", "adaptive_consensus(gamma=0.1, rate=[0.1, 0.2])", *words]) == 0
    found = with_levels(open_results("out"))
    assert found.sel(rate=0.2)["steps_per_second"].size == 1


def test_the_axes_are_those_of_the_signatures():
    found = {(name, argument) for name, argument, _ in CASES}
    assert {("ring", each) for each in ("modes", "radius", "std", "noise", "width", "batch")} <= found
    assert {("images", each) for each in ("size", "noise", "batch")} <= found
    assert {("bilinear", "coupling"), ("bilinear", "dimension"), ("grid", "side"), ("digits", "width")} <= found
    assert len(found) >= 25
