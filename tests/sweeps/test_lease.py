"""Leases: one writer at a time, whatever becomes of it."""

import json
import os
import subprocess
import sys
import time

import pytest

from saddlery.sweeps import lease as leases
from saddlery.sweeps.lease import Held, lease


@pytest.fixture(params=["disk", "object store"])
def address(request, tmp_path):
    return str(tmp_path / "a.zarr") if request.param == "disk" else f"memory://{tmp_path.name}/a.zarr"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(leases, "SETTLING", {True: 0.01, False: 0.01})


def never():
    raise AssertionError("the lease was lost")


def test_a_second_claim_is_refused_until_the_first_gives_it_back(address):
    with (
        lease(address, never),
        pytest.raises(Held, match=f"being filled by process {os.getpid()} on "),
        lease(address, never),
    ):
        pass
    with lease(address, never):
        pass


def test_a_lease_of_a_process_that_is_gone_or_has_run_out_is_taken(address):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    files, path = leases._at(address)
    held = {
        "owner": "other",
        "host": leases.socket.gethostname(),
        "pid": gone.pid,
        "born": "1",
        "until": time.time() + 99,
    }
    for left in (held, held | {"host": "elsewhere", "until": time.time() - 1}):
        files.makedirs(os.path.dirname(path), exist_ok=True)
        files.pipe_file(path, json.dumps(left).encode())
        with lease(address, never):
            assert leases._read(files, path)["pid"] == os.getpid()
        assert leases._read(files, path) is None


def test_a_lease_elsewhere_is_good_until_it_runs_out(address):
    files, path = leases._at(address)
    held = {"owner": "other", "host": "elsewhere", "pid": 1, "born": "1", "until": time.time() + 99}
    files.makedirs(os.path.dirname(path), exist_ok=True)
    files.pipe_file(path, json.dumps(held).encode())
    with pytest.raises(Held, match="process 1 on elsewhere"), lease(address, never):
        pass
    assert leases._read(files, path) == held


def test_who_loses_its_lease_is_told_once_and_leaves_the_others_alone(address, monkeypatch):
    monkeypatch.setattr(leases, "SECONDS", 0.06)
    told = []
    with lease(address, lambda: told.append(1)):
        files, path = leases._at(address)
        other = {"owner": "other", "host": "elsewhere", "pid": 1, "born": "1", "until": time.time() + 99}
        files.pipe_file(path, json.dumps(other).encode())
        began = time.monotonic()
        while not told and time.monotonic() - began < 10:
            files.pipe_file(path, json.dumps(other).encode())  # a renewal may have been on its way
            time.sleep(0.01)
    assert told == [1]
    assert leases._read(files, path) == other


def test_it_is_renewed_while_it_is_held(address, monkeypatch):
    monkeypatch.setattr(leases, "SECONDS", 0.3)
    with lease(address, never):
        files, path = leases._at(address)
        until = leases._read(files, path)["until"]
        began = time.monotonic()
        while leases._read(files, path)["until"] == until:
            assert time.monotonic() - began < 10
            time.sleep(0.01)
