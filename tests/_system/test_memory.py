"""Memory, as Linux, macOS and Windows answer."""

import sys
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from saddlery._system import memory


def test_memory_is_what_the_system_says(monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=100, available=60, free=2))
    assert (memory.total(), memory.available()) == (100, 60)


def test_there_is_some_and_less_than_all():
    assert 0 < memory.available() < memory.total()


def test_the_most_that_was_taken_is_at_least_what_was_taken_just_now():
    before = memory.peak()
    held = np.ones(40_000_000 // 8 + before // 8)
    assert memory.peak() >= held.nbytes
    assert memory.peak() >= before


@pytest.mark.parametrize(("platform", "bytes_of"), [("linux", 1024 * 7), ("darwin", 7)])
def test_linux_counts_kilobytes_and_macos_bytes(monkeypatch, platform, bytes_of):
    counted = SimpleNamespace(getrusage=lambda _: SimpleNamespace(ru_maxrss=7), RUSAGE_SELF=0)
    monkeypatch.setitem(sys.modules, "resource", counted)
    monkeypatch.setattr(sys, "platform", platform)
    assert memory.peak() == bytes_of


def test_windows_has_no_resource_and_keeps_account_itself(monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=5, peak_wset=9))
    monkeypatch.setattr(psutil, "Process", lambda: process)
    assert memory.peak() == 9


def test_what_is_more_than_there_is_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    memory.afford("pixels", 10**9)
    with pytest.raises(ValueError, match=r"pixels would take 1,000,000\.0 GB of memory, and 1\.0 GB are free"):
        memory.afford("pixels", 10**15)
