"""A batch divided among devices: the same training but for rounding."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.experiments.opening import open_results
from saddlery.sharding import DataParallel, join

# A hundred steps on all devices, in two parts of which the second goes on from the first's checkpoint; their losses.
PROGRAM = """
import sys
import jax
import numpy as np
import saddlery as sd
from saddlery.sharding import join

method, folder, *joined = sys.argv[1:]
if joined:
    join(joined[0], 2, int(joined[1]))
game = sd.data_parallel(sd.games.ring(preset="numerics", batch=64))
method = sd.methods.METHODS[method](learning_rate=3e-3)
settings = {"every": 20, "key": jax.random.key(0), "out": folder}
sd.train(game, method, steps=40, **settings)
run = sd.train(game, method, steps=100, resume=True, **settings).only
losses = [run.history[name].values.tolist() for name in ("generator_loss", "discriminator_loss")]
print(len(jax.devices()), *losses)
"""


def alone(method):
    """The losses of one device."""
    game, method = sd.games.ring(preset="numerics", batch=64), sd.methods.METHODS[method](learning_rate=3e-3)
    history = sd.train(game, method, steps=100, every=20, key=jax.random.key(0)).only.history
    return np.stack([history["generator_loss"], history["discriminator_loss"]])


def started(*arguments, flags=""):
    """The program in a process of its own."""
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": flags}
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(process):
    """The devices and the losses that a program ends with."""
    printed, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    devices, losses = printed.strip().splitlines()[-1].split(" ", 1)
    return int(devices), np.array([np.fromstring(each, sep=",") for each in losses.strip("[]").split("] [")])


def test_four_devices_give_the_losses_of_one(tmp_path):
    devices, losses = told(started("consensus", tmp_path / "run", flags="--xla_force_host_platform_device_count=4"))
    assert devices == 4
    np.testing.assert_allclose(losses, alone("consensus"), atol=1e-5)


def test_two_processes_give_the_losses_of_one_and_one_of_them_writes(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    processes = [started("simultaneous", tmp_path / "run", coordinator, i) for i in range(2)]
    expected = alone("simultaneous")
    try:
        for devices, losses in map(told, processes):
            assert devices == 2
            np.testing.assert_allclose(losses, expected, atol=1e-5)
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    there = [path.name for path in (tmp_path / "run").iterdir() if not path.name.startswith(".")]
    assert sorted(there) == ["checkpoints", "results.zarr", "run.json"]
    steps = [path.name for path in Path(tmp_path, "run/checkpoints/0-0").iterdir()]
    assert sorted(steps) == ["step-000000040", "step-000000100"]


def test_a_sweep_on_four_devices_is_that_on_one(tmp_path):
    sweep = ("run", "ring", "-m", "consensus(gamma=[1, 10])", "--steps", "20", "--every", "10", "--seeds", "2", "-q")
    command = [sys.executable, "-m", "saddlery", *sweep, "--no-report", "--learning-rate", "0.001"]
    environment = os.environ | {"XLA_FLAGS": "--xla_force_host_platform_device_count=4"}
    for devices in ("1", "4"):
        options = ["--devices", devices, "--out", str(tmp_path / devices)]
        subprocess.run(command + options, env=environment, check=True, capture_output=True)
    one, four = (open_results(tmp_path / devices) for devices in ("1", "4"))
    assert not np.array_equal(one["generator_loss"], four["generator_loss"])  # added in another order
    np.testing.assert_allclose(one["generator_loss"], four["generator_loss"], atol=1e-5)


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
