"""What becomes of a command whose output nobody reads."""

import contextlib
import os
from pathlib import Path

import pytest

from saddlery.cli import main
from saddlery.experiments.opening import open_results


@pytest.mark.parametrize("place", ["a pipe without a reader", "a full disk", "a closed file"])
def test_what_cannot_be_printed_loses_nothing(tmp_path, monkeypatch, place):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", os.environ.get("JAX_COMPILATION_CACHE_DIR", ""))
    if place == "a pipe without a reader":
        reader, writer = os.pipe()
        os.close(reader)
        stream = os.fdopen(writer, "w")
    else:
        stream = open("/dev/full" if place == "a full disk" and Path("/dev/full").exists() else "out.txt", "w")  # noqa: SIM115
        if place == "a closed file":
            stream.close()
    with contextlib.redirect_stdout(stream):
        assert main(["run", "bilinear", "--steps", "3", "--seeds", "1", "--quiet", "--out", "mine"]) == 0
    stream.close()
    assert Path("mine/report.html").exists()
    assert open_results("mine").sizes["setting"] == 1
