import os

import pytest

from saddlery import memory


def test_cached_files_count_as_available(monkeypatch, tmp_path):
    account = tmp_path / "meminfo"
    account.write_text("MemTotal:       100 kB\nMemFree:         2 kB\nMemAvailable:   60 kB\nCached:         58 kB\n")
    monkeypatch.setattr(memory, "ACCOUNT", account)
    assert memory.available() == 60 * 1024


def test_where_the_system_does_not_say_it_is_what_is_free(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "ACCOUNT", tmp_path / "none")
    assert 0 < memory.available() < os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def test_what_is_more_than_there_is_is_refused(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10**9)
    memory.afford("pixels", 10**9)
    with pytest.raises(ValueError, match=r"pixels would take 1,000,000\.0 GB of memory, and 1\.0 GB are free"):
        memory.afford("pixels", 10**15)
