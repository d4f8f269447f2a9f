"""Runs that are stopped by a signal, or killed, and resumed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from saddlery.experiments.opening import open_results
from saddlery.records.store import Store

LONG = ("run", "bilinear", "-m", "simultaneous(learning_rate=1e-3)", "-m", "extragradient(learning_rate=0.01)",
        "--steps", "40000", "--seeds", "2", "--every", "40", "--quiet", "--no-report")  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The results of the long run, uninterrupted."""
    from saddlery.cli import main

    folder = tmp_path_factory.mktemp("whole") / "out"
    assert main([*LONG, "--out", str(folder)]) == 0
    return open_results(folder)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["ctrl-c", "kill -9"])
def test_a_run_that_is_stopped_and_resumed_ends_with_the_same_numbers(whole, saddlery, how, assert_same):
    environment = os.environ | {"JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", "saddlery", *LONG, "--checkpoint-seconds", "0", "--out", "mine"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            while not list(Path("mine").glob("checkpoints/*/step-*")):
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.01)
            process.send_signal(how)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    assert len(Store("mine/results.zarr").finished()) < 2, "it ended before it could be stopped"
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert errors == "error: stopped; continue with: saddlery resume mine\n"
    code, _, errors = saddlery("resume", "mine", "--quiet", "--no-report")
    assert (code, errors) == (0, "")
    assert_same(open_results("mine"), whole)
