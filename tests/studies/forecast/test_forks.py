"""Which runs fork and what is advised: drawn at random, of all kinds, and each advice a change."""

from collections import Counter

import numpy as np
import pytest
import xarray as xr

from saddlery.studies.forecast.failures import Failure
from saddlery.studies.forecast.forks import AT, BRANCHES, chosen
from saddlery.studies.forecast.population import SCALES, places, population
from saddlery.studies.forecast.trials import EACH, advice, cases

QUICK = SCALES["quick"]


@pytest.fixture(scope="module")
def runs():
    return [each.run for each in places(QUICK)]


def outcomes(seed=0):
    return np.random.default_rng(seed).choice([Failure.HEALTHY, Failure.SLOW, Failure.COLLAPSED, Failure.DRIFTED], 60)


def held(lost):
    return xr.Dataset({"diverged_at": ("run", lost), "step": ("step", [0, 1000])})


def test_every_kind_of_failure_forks_as_often_and_none_that_is_lost_by_then():
    lost = np.full(60, -1)
    lost[:30] = AT * 1000
    kinds = outcomes()
    found = chosen(held(lost), kinds, 9, 4)
    counted = Counter(kinds[found])
    assert counted == {Failure.HEALTHY: 4, Failure.SLOW: 3, Failure.COLLAPSED: 3, Failure.DRIFTED: 3}
    assert min(found) >= 30
    assert found == sorted(set(found)) == chosen(held(lost), kinds, 9, 4)
    assert found != chosen(held(lost), kinds, 9, 4, key=1)


def test_where_there_are_fewer_all_of_them_fork():
    kinds = np.array([Failure.HEALTHY] * 58 + [Failure.SLOW, Failure.STALLED])
    assert chosen(held(np.full(60, -1)), kinds, 9, 0) == [58, 59]


def test_results_hold_each_run_of_the_population_once(runs):
    assert Counter(runs) == Counter(population(QUICK))
    names = [each.name for each in places(QUICK)]
    assert all(names[i - 1] == names[i] or names[i] not in names[:i] for i in range(1, len(names)))


def test_advice_is_on_failed_runs_two_of_rates_and_one_other_each_a_change(runs):
    kinds = outcomes()
    found = cases(kinds, runs, 10)
    assert len(found) == len(set(found)) == 10 * EACH
    assert all(kinds[case.run] != Failure.HEALTHY for case in found)
    known = advice()
    for run in {case.run for case in found}:
        own = [known[case.advice] for case in found if case.run == run]
        others = [each for each in known.values() if each.kind != "rates" and each.of(runs[run])]
        assert sum(each.kind != "rates" for each in own) == min(1, len(others))
        for each in own:
            changed = each.of(runs[run])
            assert changed is not None
            assert changed != runs[run]
            assert (changed.game, changed.method) != (runs[run].game, runs[run].method)


def test_advice_that_is_no_change_is_not_given(runs):
    known = advice()
    for run in runs:
        for name, each in known.items():
            changed = each.of(run)
            if run.kind.method == name or (name == "non-saturating loss" and run.kind.loss != "minimax"):
                assert changed is None
            if changed is not None and each.kind == "method":
                assert changed.game == run.game  # what it is trained on stays


def test_one_branch_changes_nothing_and_each_other_one_thing():
    assert BRANCHES["unchanged"][1:] == ("none", "", 1.0, False)
    for name, branch in BRANCHES.items():
        changes = (branch.adjustment != "") + (branch.factor != 1.0) + branch.more
        assert changes == (name != "unchanged")
