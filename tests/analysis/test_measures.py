"""Measures: what a variable's attributes say of it is what is drawn and tabled."""

import jax
import numpy as np
import pytest
import xarray as xr

import saddlery as sd
from saddlery.analysis.measures import MEASURES, Measure, described, measure_of, measured
from saddlery.metrics.probes import Losses
from saddlery.plots import curves
from saddlery.report.page import write
from saddlery.report.summary import columns


def recorded(**attributes):
    values = ("setting", "seed", "step"), np.arange(8.0).reshape(2, 2, 2), attributes
    return xr.Dataset({"mine": values, "kl": (values[0], values[1])})


def test_attributes_say_what_a_measure_is():
    mine = Measure("mine", "My measure", "what I measure", "mine (units)", "less", "own", "percent", "log")
    dataset = recorded(**mine.attributes())
    assert measure_of(dataset, "mine") == mine
    assert measure_of(dataset, "kl") == MEASURES["kl"]
    assert [each.name for each in measured(dataset)] == ["kl", "mine"]
    assert [each.name for each in measured(dataset, "own")] == ["mine"]
    assert mine.text(0.5) == "50.0%"


def test_a_variable_without_attributes_is_a_measure_only_when_it_is_known():
    assert [each.name for each in measured(recorded())] == ["kl"]


def test_what_is_recorded_is_described():
    assert described("modes")["title"] == "Modes covered"
    assert described("speed")["kind"] == "own"
    assert described("modes", of="the averaged generator")["kind"] == "detail"
    said = Measure("speed", "Speed", "how fast", "speed (m/s)", "more")
    assert described("speed", said)["axis"] == "speed (m/s)"


@pytest.mark.parametrize("name", MEASURES)
def test_every_measure_says_how_it_is_drawn(name):
    measure = MEASURES[name]
    assert measure.better in ("", "more", "less")
    assert measure.kind in ("quality", "training", "detail")
    assert measure.scale in ("linear", "log", "share", "signed")
    assert measure.text(0.25)
    assert all((measure.title, measure.meaning, measure.axis))


@pytest.mark.long
def test_measures_of_all_our_probes_are_known():
    for game in (sd.games.ring(batch=8), sd.games.digits(width=4, batch=8), sd.games.bilinear()):
        run = sd.train(
            game, sd.methods.simultaneous(), steps=1, key=jax.random.key(0), probes=sd.metrics.probes(game, 50)
        )
        own = [name for name, each in run.history.data_vars.items() if each.attrs.get("kind") == "own"]
        assert own == []


class Size(Losses):
    """A probe of one's own: the size of the players."""

    def measure(self, game, players, key):
        return {"size": sum(abs(leaf).sum() for leaf in jax.tree.leaves(players))}


def test_one_s_own_number_is_drawn_and_tabled_without_more_code(tmp_path):
    game, method = sd.games.bilinear(), sd.methods.simultaneous()
    history = sd.train(
        game, method, steps=4, every=2, seeds=2, key=jax.random.key(0), probes={"losses": Losses(), "size": Size()}
    ).history
    dataset = history.expand_dims(setting=["simultaneous"]).assign_coords(method=("setting", ["simultaneous"]))
    assert "size" in [picture.name for picture in curves(dataset)]
    assert "size" in [column.head for column in columns(dataset)]
    page = write([dataset.assign_attrs(title="Mine")], tmp_path).read_text()
    assert "recorded by a probe" in page
