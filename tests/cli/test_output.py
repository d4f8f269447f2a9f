"""What becomes of a command whose output nobody reads."""

import contextlib
import io
import os
from pathlib import Path

import pytest

from saddlery.experiments.opening import open_results


def unread(place):
    """A stream that cannot be written to; Python has none at all where a terminal is closed."""
    if place == "a closed terminal":
        return None
    if place == "a full disk":
        return open("/dev/full", "w")
    if place == "a closed file":
        stream = io.StringIO()
        stream.close()
        return stream
    reader, writer = os.pipe()
    os.close(reader)
    return os.fdopen(writer, "w")


@pytest.mark.parametrize("place", ["a pipe without a reader", "a full disk", "a closed terminal", "a closed file"])
def test_what_cannot_be_printed_loses_nothing(saddlery, place):
    if place == "a full disk" and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")
    stream = unread(place)
    with contextlib.redirect_stdout(stream):
        code, _, errors = saddlery("run", "bilinear", "--steps", "3", "--seeds", "1", "--quiet", "--out", "mine")
    assert (code, errors) == (0, "")
    assert Path("mine/report.html").exists()
    assert open_results("mine").sizes["setting"] == 1
    if stream is not None:
        stream.close()
