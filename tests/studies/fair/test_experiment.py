"""The rivals of a fair comparison: what each is trained as, and what its steps cost."""

import pytest

from saddlery.experiments.built import prepare
from saddlery.experiments.cells import cells_of
from saddlery.studies.fair import experiment
from saddlery.studies.fair.costs import BASELINE, _gradients
from saddlery.studies.fair.experiment import TASKS, Scale, experiments, fresh, groups, places
from saddlery.studies.fair.rivals import RIVALS, Rival
from saddlery.text.call import parse

FEW = (
    Rival("simultaneous", "simultaneous"),
    Rival("consensus", "consensus(gamma={})", "γ", (0.1, 1.0)),
    Rival("R1+R2", "alternating", "weight", (0.1, 1.0), "relativistic", ("r1(weight={})", "r2(weight={})")),
)
SMALL = Scale(8, 4, 2, "geomspace(1e-3, 1e-1, 2)", 0.5)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(experiment, "RIVALS", FEW)


@pytest.mark.long
@pytest.mark.parametrize("on", TASKS)
def test_every_rival_of_the_study_can_be_built(on):
    for name, each in experiments(on, TASKS[on].scales["quick"]).items():
        ready = prepare(each)
        assert len(ready.methods) == len(each.settings)
        assert len(places(on, TASKS[on].scales["quick"], name)) == len(each.settings)


def test_every_rival_is_there_at_every_learning_rate(few):
    placed = {name: places("ring", SMALL, name) for name in groups(SMALL)}
    assert [place.label for place in placed["plain"]] == [
        "simultaneous, learning rate 0.001", "simultaneous, learning rate 0.1", "consensus, γ 0.1, learning rate 0.001",
        "consensus, γ 0.1, learning rate 0.1", "consensus, γ 1, learning rate 0.001",
        "consensus, γ 1, learning rate 0.1",
    ]  # fmt: skip
    assert [place.value for place in placed["r1+r2"]] == [0.1, 0.1, 1.0, 1.0]


def test_a_place_is_the_setting_that_is_trained(few):
    """Its rival's method and changes to the game, its parameter and learning rate."""
    for name, each in experiments("ring", SMALL).items():
        for place, setting in zip(places("ring", SMALL, name), each.settings, strict=True):
            method, game = setting.method, setting.game
            own = parse(place.rival.method.format(place.value))
            assert method.name == own.name
            assert own.arguments.items() <= method.arguments.items()
            assert float(method.arguments["learning_rate"]) == place.learning_rate
            assert game.arguments.get("spectral", 0) == place.rival.spectral
            expected = tuple(text.format(place.value) for text in place.rival.penalties)
            assert game.arguments.get("penalty", ()) == expected
            assert game.arguments.get("loss") == place.rival.loss


def test_gradients_of_a_step_are_counted(few):
    found = {}
    for name, each in experiments("ring", SMALL).items():
        cells = cells_of(prepare(each), None)
        found |= {
            place.rival.name: _gradients(cell) for place, cell in zip(places("ring", SMALL, name), cells, strict=True)
        }
    assert found == {"simultaneous": 1, "consensus": 2, "R1+R2": 2}


def test_rivals_have_names_of_their_own_and_the_baseline_is_one():
    names = [rival.name for rival in RIVALS]
    assert len(set(names)) == len(names)
    assert BASELINE in names


def test_what_is_tested_are_the_settings_that_were_chosen_on_other_seeds(few):
    """As games and methods of one sweep each, with keys that tuned nothing."""
    for sweep in experiments("ring", SMALL).values():
        picked = [0, len(sweep.settings) - 1]
        later = fresh(sweep, [*picked, 0], 3)
        settings = [(str(each.game), str(each.method)) for test in later for each in test.settings]
        assert settings == [(str(sweep.settings[i].game), str(sweep.settings[i].method)) for i in picked]
        for test in later:
            assert test.key not in (sweep.key, fresh(sweep, [0], 2)[0].key)
            assert (test.steps, test.every, test.seeds, test.samples) == (8, 4, 1, 2500)
            assert len(prepare(test).methods) == len(test.settings)


def test_each_name_of_the_same_method_has_keys_of_its_own():
    """No run is compared with itself: not in tuning, and not in the test."""
    sweeps = experiments("null", TASKS["null"].scales["quick"])
    assert len(sweeps) == 22
    keys = [each.key for sweep in sweeps.values() for i in range(16) for each in fresh(sweep, [0], i)]
    keys += [sweep.key for sweep in sweeps.values()]
    assert len(set(keys)) == len(keys) == 22 * 17
    assert len({(each.game, each.methods, each.steps) for each in sweeps.values()}) == 1
    names = [rival.name for each in groups(TASKS["null"].scales["quick"]).values() for rival in each]
    assert names[0] == BASELINE
    assert len(set(names)) == 22
