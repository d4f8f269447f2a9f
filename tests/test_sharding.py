"""A batch divided among devices: the same training but for rounding.

Sweeps on several devices and several processes are among the checks.
"""

from pathlib import Path

import jax
import numpy as np
import pytest
from checks.devices import alone, ended, started

import saddlery as sd
from saddlery.sharding import DataParallel, join

pytestmark = pytest.mark.long


def test_four_devices_give_the_losses_of_one(tmp_path):
    devices, losses = ended(started("consensus", tmp_path / "run", flags="--xla_force_host_platform_device_count=4"))
    assert devices == 4
    np.testing.assert_allclose(losses, alone("consensus"), atol=1e-5)


def test_a_sweep_on_devices_that_are_not_there_does_not_start(saddlery):
    code, _, errors = saddlery("run", "ring", "--devices", "2", "--out", "mine")
    assert code == 2
    assert errors.startswith("error: devices: got 2, there are 1: ")
    assert not Path("mine").exists()


def test_one_device_changes_nothing():
    game = sd.data_parallel(sd.games.ring(preset="numerics", batch=64), 1)
    method = sd.methods.consensus(gamma=10.0, learning_rate=3e-3)
    probes = sd.metrics.probes(game.game, samples=100)
    runs = sd.train(game, method, steps=20, every=20, key=jax.random.key(0), probes=probes, seeds=2)
    assert runs.history["modes"].shape == (2, 2)
    one = sd.train(game.game, method, steps=20, every=20, key=jax.random.key(0), probes=probes, seeds=2)
    np.testing.assert_array_equal(runs.history["generator_loss"], one.history["generator_loss"])


def test_what_cannot_be_divided_is_named(monkeypatch):
    with pytest.raises(ValueError, match=r"devices: got 99, there are 1: .*device_count=99"):
        sd.data_parallel(sd.games.ring(), 99)
    with pytest.raises(ValueError, match=r"devices: got \[\], expected a number"):
        sd.data_parallel(sd.games.ring(), [])
    with pytest.raises(ValueError, match="no leading dimension"):
        sd.data_parallel(sd.games.bilinear())
    monkeypatch.setattr(jax, "devices", lambda: list("abc"))
    with pytest.raises(ValueError, match=r"3 of them do not divide a batch's float32\[64, \d+\]; .* multiple of 3"):
        sd.data_parallel(sd.games.ring(batch=64))
    with pytest.raises(ValueError, match="process: got 2, expected one of 0, …, 1"):
        join("127.0.0.1:1", 2, 2)


def test_what_a_game_lacks_its_division_lacks():
    divided = sd.data_parallel(sd.games.ring(batch=4))
    assert isinstance(divided, DataParallel)
    assert not hasattr(divided, "best_response")
    assert divided.data is divided.game.data
