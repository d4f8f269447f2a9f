"""Sweeps that are killed at random moments: nothing that was finished is lost or computed again.

Three kills, or as many as SADDLERY_KILLS says: `make torture` asks for fifty.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from saddlery.experiments.opening import open_results
from saddlery.records.store import CELLS, Store

KILLS = int(os.environ.get("SADDLERY_KILLS", "3"))
SWEEP = (
    "run", "bilinear", "-m", "simultaneous", "-m", "consensus(gamma=[0.1, 1.0])", "--steps", "500", "--every", "100",
    "--seeds", "2", "--learning-rate", f"geomspace(1e-3, 1e-1, {40 * KILLS})", "--quiet", "--no-report",
)  # fmt: skip


def started(*command):
    return subprocess.Popen([sys.executable, "-m", "saddlery", *command], stderr=subprocess.PIPE, text=True)


def written(folder):
    """When each finished cell's marker was written."""
    markers = (folder / "results.zarr" / CELLS).glob("*.json")
    return {path.stem: path.stat().st_mtime_ns for path in markers}


def test_killed_and_resumed_it_ends_with_the_bits_of_an_uninterrupted_one(saddlery):
    assert saddlery(*SWEEP, "--out", "whole")[0] == 0
    whole = open_results("whole")
    draw, mine, before = random.Random(0), Path("mine"), {}
    for kill in range(KILLS):
        with (
            started(*SWEEP, "--out", "mine")
            if kill == 0
            else started("resume", "mine", "--quiet", "--no-report") as process
        ):
            while process.poll() is None and written(mine) == before and kill % 3 != 2:
                time.sleep(0.01)  # one in three is killed while it starts
            time.sleep(draw.uniform(0, 3 if kill % 3 == 2 else 0.5))
            assert process.poll() is None, process.stderr.read()
            process.send_signal(signal.SIGKILL)
            process.wait()
        now = written(mine)
        assert before.items() <= now.items()  # what was there is there, and was not written again
        before = now
        if now:
            assert set(map(int, now)) == set(Store(mine / "results.zarr").finished())
            assert open_results(mine).sizes["setting"] == len(now)
    assert 0 < len(before) < whole.sizes["setting"]
    code, _, errors = saddlery("resume", "mine", "--quiet", "--no-report")
    assert (code, errors) == (0, "")
    assert before.items() <= written(mine).items()
    attributes = ("command",)
    again = open_results("mine").drop_vars("steps_per_second")
    wanted = whole.drop_vars("steps_per_second")
    assert again.drop_attrs(deep=False).identical(wanted.drop_attrs(deep=False))
    assert {k: v for k, v in again.attrs.items() if k not in attributes} == {
        k: v for k, v in wanted.attrs.items() if k not in attributes
    }
