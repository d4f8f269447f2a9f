"""What the tests of data share: the real files where they are, a cache of their own, pictures."""

import contextlib
import io
import os
import socket

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """A cache folder of the test's own, and no data set that a user may have."""
    monkeypatch.setenv("SADDLERY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SADDLERY_DATA", "")
    return tmp_path / "cache"


@pytest.fixture
def png():
    """`png(pixels, mode=None)`: a PNG's bytes."""

    def png(pixels, mode=None):
        file = io.BytesIO()
        image = Image.fromarray(np.asarray(pixels, np.uint8))
        (image.convert(mode) if mode else image).save(file, "PNG")
        return file.getvalue()

    return png


@pytest.fixture
def plain(png):
    """`plain(level, shape=(8, 8, 3))`: the PNG of one grey level."""
    return lambda level, shape=(8, 8, 3): png(np.full(shape, level))


@pytest.fixture
def irregular():
    """`irregular(kind, path)`: a pipe, a socket, or a link to a device, in a circle or to nothing, at a path."""

    def irregular(kind, path):
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "socket":
            with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as server:  # a socket's path is short
                server.bind(path.name)
        else:
            path.symlink_to({"device": "/dev/zero", "circle": path.name, "nothing": "nowhere"}[kind.split()[-1]])

    return irregular


@pytest.fixture
def pictures(tmp_path, plain):
    """Nine images of three sizes in two folders and the one above, and files that are none."""
    root = tmp_path / "pictures"
    for i in range(9):
        path = root / ("a", "b", ".")[i % 3] / f"{i}.{('png', 'PNG')[i % 2]}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(plain(10 * i, [(8, 8, 3), (20, 6, 3), (5, 9)][i % 3]))
    (root / "notes.txt").write_text("no image")
    (root / ".hidden.png").write_bytes(b"")
    (root / "a" / "__MACOSX").mkdir()
    (root / "a" / "__MACOSX" / "0.png").write_bytes(b"")
    return root
