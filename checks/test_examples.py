"""The examples, each as long as it takes to find what it is to find."""

import pytest

from checks.examples import run


@pytest.mark.parametrize("name", ["own_equinox", "own_functions", "own_nnx"])
def test_networks_of_ones_own_find_the_modes(name, capsys):
    table = run(name, steps=600)
    assert table.index[-1] == 600
    assert table.high_quality.iloc[0] < 0.01
    assert table.high_quality.iloc[-1] > 0.1
    assert table.modes.iloc[-1] == 8
    assert "high_quality" in capsys.readouterr().out


def test_the_multipliers_find_the_solution_where_simultaneous_descent_does_not(capsys):
    error = run("constrained", steps=600)
    assert error["extragradient"] < 1e-4
    assert error["consensus"] < 1e-4
    assert error["simultaneous"] > 1.0
    assert "exactly" in capsys.readouterr().out


def test_the_actor_finds_the_riccati_equations_policy():
    for error in run("actor_critic", steps=800).values():
        assert error < 0.02  # of a policy of 0.54
