"""Annotations hold: the examples of docstrings run with types and shapes checked, in processes of their own."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
ROOMS = ("data", "dynamics", "game", "games", "generators", "losses", "method", "methods", "metrics", "networks",
         "optimisers", "rules", "schedules")  # fmt: skip


def test_the_examples_of_docstrings_keep_to_the_annotations():
    packages = ",".join([*(f"saddlery.{room}" for room in ROOMS), "checks.shapes.checked"])
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "checks.shapes"]
    command += [f"--jaxtyping-packages={packages}", "tests/test_doctests.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]


def test_a_wrong_shape_and_a_wrong_type_are_refused_then():
    program = """
import checks.shapes
from jaxtyping import TypeCheckError, install_import_hook
with install_import_hook(["saddlery.losses", "saddlery.schedules"], "checks.shapes.checked"):
    from saddlery.losses.divergences import minimax
    from saddlery.schedules import simultaneous
import jax.numpy as jnp
from saddlery.types import Pair
minimax(jnp.ones(2), jnp.ones(3))
for wrong in (lambda: minimax(jnp.ones((2, 2)), jnp.ones(3)), lambda: simultaneous().init(None, None, (1, 2))):
    try:
        wrong()
    except TypeCheckError:
        print("refused")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "refused\nrefused\n", done.stderr[-2000:]
