"""A batch divided among the devices of several processes, and sweeps on several devices."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np

from checks.devices import alone, ended, started
from saddlery.experiments.opening import open_results


def test_two_processes_give_the_losses_of_one_and_one_of_them_writes(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        coordinator = f"127.0.0.1:{free.getsockname()[1]}"
    processes = [started("simultaneous", tmp_path / "run", coordinator, i) for i in range(2)]
    expected = alone("simultaneous")
    try:
        for devices, losses in map(ended, processes):
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
