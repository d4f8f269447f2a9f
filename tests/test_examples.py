import importlib.util
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


def run(name, steps):
    spec = importlib.util.spec_from_file_location(f"examples.{name}", EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.main(steps)


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


def test_the_rule_of_ones_own_is_the_optimistic_gradient():
    steps = 100
    distance = run("own_rule", steps)
    rotation = np.array([[0.0, 1.0], [-1.0, 0.0]])  # the gradient of g·d and −g·d
    point, last = np.eye(2), np.zeros((2, 2))  # columns: where each unit vector goes
    for _ in range(steps):
        now = rotation @ point
        point, last = point - 0.1 * (2 * now - last), now
    shrunk = np.linalg.norm(point[:, 0])  # the map is a rotation times a number, the same in every direction
    plain = np.sqrt(1 + 0.1**2) ** steps
    np.testing.assert_allclose(distance["own rule"] / distance["simultaneous"], shrunk / plain, rtol=1e-4)
    np.testing.assert_allclose(distance["own rule"], distance["optimistic"], rtol=0.02)  # another first step
    assert distance["own rule"] < distance["alternating"] < distance["simultaneous"]


def test_every_example_is_run_here():
    here = Path(__file__).read_text(encoding="utf-8")
    assert [path.stem for path in EXAMPLES.glob("*.py") if f'"{path.stem}"' not in here] == []
