"""Saddlery's side of the benchmarks runs, so that they are not found broken when speed is to be measured."""

import equinox as eqx
import jax
import numpy as np
import pytest
from benchmarks import many_cells, ours

import saddlery as sd


@pytest.mark.parametrize(
    ("game", "method"),
    [
        (ours.unrolled_ring, lambda: ours.unrolled(2)),
        (lambda: sd.games.ring("numerics", batch=16), sd.methods.simultaneous),
        (lambda: sd.games.ring("numerics", batch=16), lambda: sd.methods.consensus(gamma=10.0)),
    ],
    ids=["unrolled", "simultaneous", "consensus"],
)
def test_a_game_in_training_takes_steps(game, method):
    trainer = ours.Trainer(game(), method())
    before = jax.tree.leaves(trainer.carry.players)
    trainer(2)
    after = jax.tree.leaves(trainer.carry.players)
    assert trainer.step == 2
    direction = trainer.directions(trainer.game.draw(jax.random.key(1)))
    assert jax.tree.structure(direction) == jax.tree.structure(trainer.carry.players)
    assert trainer.matmul_flops() > 0
    assert all(np.isfinite(leaf).all() for leaf in after)
    assert not eqx.tree_equal(before, after)


def test_a_sweep_of_many_cells_is_resumed_opened_and_reported():
    found = many_cells.measured(12)
    assert {"prepare", "resume", "open", "report"} <= found.keys()
    assert min(found.values()) > 0
