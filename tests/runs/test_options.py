"""Small programs keep their loops on one thread: which those are, that their steps are the same, and their bits too."""

import os
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import saddlery as sd
from saddlery._system.cores import usable_cores
from saddlery.runs import options as these
from saddlery.runs.options import LOOPS, SMALL, known, options, small
from saddlery.runs.steps import _advance, advance, start

KEY = jax.random.key(3)
TRAINED = """
import os, sys
if sys.argv[1] == "one":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
import hashlib, jax, numpy as np, saddlery as sd
game = sd.games.ring(preset="numerics")
for method in (sd.methods.simultaneous(), sd.methods.consensus(10.0)):
    players = sd.train(game, method, steps=100, key=jax.random.key(0)).players
    print(hashlib.sha256(b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(players))).hexdigest())
"""


def players_of(game):
    return jax.eval_shape(game.init, KEY)


def of_width(width, batch):
    nets = sd.networks.MLP(4, 2, (8,)), sd.networks.MLP(2, 1, (width, width))
    return sd.games.Gan(*nets, np.zeros((batch, 2), np.float32) + np.arange(batch)[:, None], noise=4, batch=batch)


def test_the_largest_product_decides():
    for width, batch in ((32, 1024), (64, 256)):
        assert width * width * batch == SMALL
        assert small(of_width(width, batch), players_of(of_width(width, batch)))
        assert not small(of_width(width + 1, batch), players_of(of_width(width + 1, batch)))
    assert small(sd.fixed(of_width(8, 8), ()), players_of(of_width(8, 8)))


def test_neither_convolutions_nor_games_without_samples_are_small():
    for game in (sd.games.coloured(), sd.games.bilinear()):
        assert not small(game, players_of(game))
        assert options(game, players_of(game)) == {}


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="options of the CPU's compiler")
def test_what_a_compiler_does_not_know_is_left_out(monkeypatch):
    assert known() == LOOPS
    monkeypatch.setattr(these, "LOOPS", LOOPS | {"xla_of_another_version": True})
    assert known.__wrapped__() == LOOPS
    game = of_width(8, 8)
    assert options(game, players_of(game)) == LOOPS


def test_the_same_steps_to_rounding():
    game, method = of_width(16, 64), sd.methods.consensus(1.0).for_game(of_width(16, 64))
    carry, numbers = start(game, method, KEY, None, True), (jnp.int32(0), jnp.int32(5))
    with_options = advance(game, method, carry, jnp.asarray(0.9), KEY, *numbers)
    without = eqx.filter_jit(_advance)(game, method, carry, jnp.asarray(0.9), KEY, *numbers)
    for ours, plain in zip(jax.tree.leaves(with_options), jax.tree.leaves(without), strict=True):
        np.testing.assert_allclose(ours, plain, rtol=1e-3, atol=1e-6)


@pytest.mark.long
@pytest.mark.skipif(not hasattr(os, "sched_setaffinity") or usable_cores() < 2, reason="needs two cores to choose from")
def test_small_programs_give_the_same_bits_on_one_core_and_on_all():
    hashes = {
        cores: subprocess.run(
            [sys.executable, "-c", TRAINED, cores], check=True, capture_output=True, text=True, timeout=300
        ).stdout.split()
        for cores in ("one", "all")
    }
    assert len(hashes["one"]) == 2
    assert hashes["one"] == hashes["all"]
