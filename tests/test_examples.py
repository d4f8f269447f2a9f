"""An example: the others take longer and are among the checks."""

from pathlib import Path

import numpy as np
from checks.examples import EXAMPLES, run


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


def test_every_example_is_run_here_or_by_the_longer_checks():
    texts = [Path(__file__).read_text(encoding="utf-8"), (EXAMPLES.parent / "checks/test_examples.py").read_text()]
    assert [path.stem for path in EXAMPLES.glob("*.py") if f'"{path.stem}"' not in "".join(texts)] == []
