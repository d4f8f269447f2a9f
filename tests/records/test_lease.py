"""Leases: one writer at a time, whatever becomes of it."""

import json
import os
import subprocess
import sys
import threading
import time

import pytest

from saddlery.records import lease as leases
from saddlery.records.lease import lease
from saddlery.records.locks import Held


@pytest.fixture
def address(tmp_path):
    return f"memory://{tmp_path.name}/a.zarr"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(leases, "SETTLING", 0.01)


def held_at(files, path):
    return leases._held(leases._read(files, path))


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
            assert held_at(files, path)["pid"] == os.getpid()
        assert held_at(files, path) == {}


def test_a_lease_elsewhere_is_good_until_it_runs_out(address):
    files, path = leases._at(address)
    held = {"owner": "other", "host": "elsewhere", "pid": 1, "born": "1", "until": time.time() + 20}
    files.makedirs(os.path.dirname(path), exist_ok=True)
    files.pipe_file(path, json.dumps(held).encode())
    with pytest.raises(Held, match="process 1 on elsewhere"), lease(address, never):
        pass
    assert held_at(files, path) == held


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
    assert held_at(files, path) == other


def test_it_is_renewed_while_it_is_held(address, monkeypatch):
    monkeypatch.setattr(leases, "SECONDS", 0.3)
    with lease(address, never):
        files, path = leases._at(address)
        until = held_at(files, path)["until"]
        began = time.monotonic()
        while held_at(files, path)["until"] == until:
            assert time.monotonic() - began < 10
            time.sleep(0.01)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b'{"owner": 3}', b"\xff\x00"])
def test_a_damaged_lease_is_taken_when_nobody_renews_it(address, monkeypatch, content):
    monkeypatch.setattr(leases, "SECONDS", 0.3)
    files, path = leases._at(address)
    files.makedirs(os.path.dirname(path), exist_ok=True)
    files.pipe_file(path, content)
    with lease(address, never):
        assert held_at(files, path)["pid"] == os.getpid()


@pytest.mark.parametrize("renewed", [True, False])
def test_a_lease_of_the_far_future_is_good_only_while_it_is_renewed(address, monkeypatch, renewed):
    monkeypatch.setattr(leases, "SECONDS", 0.3)
    files, path = leases._at(address)
    files.makedirs(os.path.dirname(path), exist_ok=True)
    held = {"owner": "other", "host": "elsewhere", "pid": 1, "born": "1", "until": time.time() + 1e9}
    files.pipe_file(path, json.dumps(held).encode())
    if renewed:
        timer = threading.Timer(0.1, lambda: files.pipe_file(path, json.dumps(held | {"until": 2e9}).encode()))
        timer.start()
        with pytest.raises(Held, match=r"process 1 on elsewhere.*--break-lease"), lease(address, never):
            pass
        timer.join()
    else:
        with lease(address, never):
            pass


def test_it_can_be_taken_at_once(address):
    files, path = leases._at(address)
    files.makedirs(os.path.dirname(path), exist_ok=True)
    held = {"owner": "other", "host": "elsewhere", "pid": 1, "born": "1", "until": time.time() + 20}
    files.pipe_file(path, json.dumps(held).encode())
    with lease(address, never, take=True):
        assert held_at(files, path)["pid"] == os.getpid()
