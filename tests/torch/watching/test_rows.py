"""Records of a watched training."""

import numpy as np

from saddlery.analysis.alarms import Alarm
from saddlery.analysis.forecast import Share
from saddlery.analysis.signals import signals
from saddlery.torch.watching.rows import KEPT, Rows


def recorded(n, seed=0):
    """Records of a training that turns, with every number that a watch measures."""
    random = np.random.default_rng(seed)
    found = []
    for i in range(n):
        positions = np.array([np.cos(i / 7), np.sin(i / 7), i / 50]) + 0.01 * random.normal(size=3)
        found.append({
            "generator_loss": random.normal(), "generator_norm": np.exp(random.normal()),
            "discriminator_norm": np.exp(random.normal()), "generator_update": 0.1, "generator_size": 3.0,
            "discriminator_update": 0.2, "discriminator_size": 4.0, "separation": random.uniform(), "sketch": positions,
        })  # fmt: skip
    return found


def test_signals_are_those_of_the_whole_record():
    n = 3 * KEPT
    rows, given = Rows(), recorded(n)
    for i, each in enumerate(given):
        rows.add(50 * (i + 1), each)
    whole = signals({name: np.array([each[name] for each in given]) for name in given[0]})
    along = rows.along()
    assert {*along} == {*whole}
    for name, each in whole.items():
        np.testing.assert_allclose(along[name], each, rtol=1e-9, err_msg=name)


def test_what_is_not_told_at_every_record_is_missing_there_alone():
    rows = Rows()
    rows.add(50, {"generator_loss": 1.0})
    rows.add(100, {})
    rows.add(150, {"generator_loss": 3.0, "separation": 0.5})
    found = rows.along()
    assert np.isnan(found["generator_loss"][1])
    assert np.isfinite(found["generator_loss"][[0, 2]]).all()
    assert np.isnan(found["separation"][:2]).all()


def test_an_alarm_rings_once_and_is_dated():
    alarm = Alarm("W05", "generator_loss", True, "the loss is large", 1.0, 0.5, Share(1, 99), Share(9, 90), 400.0)
    rows = Rows({"W05": alarm})
    rang = [rows.add(50 * (i + 1), {"generator_loss": 0.1 if i < 10 else 9.0}) for i in range(20)]
    [found] = [each for new in rang for each in new]
    assert found.since == 650  # the median of the last five is beyond from the third on
    assert rows.rung == {"W05": found}
    assert rows.rows[-1] == {"generator_loss": 9.0}


def test_alarms_that_cannot_be_looked_at_are_told():
    alarms = {
        code: Alarm(code, signal, True, "", 1.0, 0.5, Share(1, 99), Share(9, 90), 400.0)
        for code, signal in (("W05", "generator_loss"), ("W22", "nearest"))
    }
    rows = Rows(alarms)
    rows.add(50, {"generator_loss": 0.1})
    assert [each.code for each in rows.missing()] == ["W22"]
