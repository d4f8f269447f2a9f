"""Reading files of anybody's: no hang, no more memory than allowed, and the file named."""

import contextlib
import gzip
import io
import os
import socket
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from saddlery._system import files, memory
from saddlery._system.files import Limited, open_regular, read_array, read_json, read_limited
from saddlery.errors import Damaged


def irregular(kind, folder):
    """What is no regular file, or a link to it."""
    path = folder / kind
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with contextlib.chdir(folder), socket.socket(socket.AF_UNIX) as server:  # a socket's path is short
            server.bind(kind)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    elif kind == "link to a pipe":
        os.mkfifo(folder / "target")
        path.symlink_to("target")
    elif kind == "link to a device":
        path.symlink_to("/dev/zero")
    return path


IRREGULAR = ("pipe", "socket", "device", "folder", "link to a pipe", "link to a device")


@pytest.mark.parametrize("kind", IRREGULAR)
@pytest.mark.parametrize("read", [lambda path: read_limited(path, 1 << 40), open_regular, read_json, read_array])
def test_nothing_but_regular_files_is_opened(tmp_path, kind, read, at_most):
    path = irregular(kind, tmp_path)
    with at_most(1 << 20), pytest.raises(OSError, match=f"{path} is not a regular file"):
        read(path)


def test_what_is_not_there_and_links_in_a_circle_are_named(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    for name in ("nothing", "circle"):
        with pytest.raises(OSError, match=name):
            read_limited(tmp_path / name, 9)


def test_no_more_than_allowed_is_read(tmp_path, at_most):
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    assert read_limited(path, 5) == b"12345"
    with pytest.raises(ValueError, match=r"file has 5 bytes, expected at most 4"):
        read_limited(path, 4)
    os.truncate(path, 1 << 40)
    with at_most(1 << 20), pytest.raises(ValueError, match="file has 1,099,511,627,776 bytes"):
        read_json(path)


def test_what_is_more_than_the_free_memory_is_refused_before_it_is_read(tmp_path, monkeypatch):
    path = tmp_path / "array.npy"
    np.save(path, np.arange(1000.0))
    monkeypatch.setattr(memory, "available", lambda: 7999)
    with pytest.raises(ValueError, match=r"array\.npy would take 0\.0 GB of memory"):
        read_array(path)
    assert read_array(path, mmap=True)[-1] == 999.0
    with pytest.raises(ValueError, match=r"array\.npy would take"):
        read_limited(path, 1 << 20)
    monkeypatch.setattr(memory, "available", lambda: 8000)
    np.testing.assert_array_equal(read_array(path), np.arange(1000.0))


def test_names_reach_messages_without_control_characters(tmp_path):
    path = tmp_path / "a\x1b[31m\n.json"
    path.write_bytes(b"{")
    with pytest.raises(Damaged, match=r"a�\[31m .json is damaged: it is no list") as refused:
        read_json(path, "list")
    assert str(refused.value).isprintable()


@settings(max_examples=30, deadline=None)
@given(st.binary(max_size=40))
@example(b"[" * 100_000)
@example(b"9" * 10_000)
@example(b"\xff\xfe")
@example(b'"\xed\xa0\x80"')
def test_json_of_any_bytes_is_read_or_damaged(content):
    with contextlib.suppress(Damaged):
        files.parse_json(content, "file.json")


@pytest.mark.parametrize("array", [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3)), np.zeros((0, 4)),
                                   np.float32(3), np.array(["ab", "c"]), np.ones(3, bool)])  # fmt: skip
@pytest.mark.parametrize("mmap", [False, True])
def test_arrays_are_those_of_numpy(tmp_path, array, mmap):
    np.save(tmp_path / "x.npy", array)
    found = read_array(tmp_path / "x.npy", mmap)
    np.testing.assert_array_equal(found, array)
    assert (found.dtype, found.shape) == (array.dtype, array.shape)
    assert isinstance(found, np.memmap) == (mmap and array.size > 0)


def npy(descr="'<f8'", shape="(3,)", content=bytes(24)):
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + content


@pytest.mark.parametrize("mmap", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is no .npy file"),
        (b"text", "it is no .npy file"),
        (npy()[:40], "it is no .npy file"),
        (npy()[:-1], "its head says 24 bytes, it holds 23"),
        (npy(shape="(10**40,)"), "it is no .npy file"),
        (npy(shape="(-3,)"), "it is no .npy file"),
        (npy(descr="'|O'"), "it is no .npy file"),
        (npy(descr="'|S0'"), "it is no .npy file"),
        (npy(shape=f"({10**9}, {10**9})"), "its head says 8,000,000,000,000,000,000 bytes, it holds 24"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\xff" + bytes(1 << 21), "it is no .npy file"),
    ],
)
def test_damaged_arrays_are_named(tmp_path, content, message, mmap, at_most):
    path = tmp_path / "x.npy"
    path.write_bytes(content)
    with at_most(4 << 20), pytest.raises(Damaged, match=f"{path} is damaged: {message}"):
        read_array(path, mmap)


@pytest.mark.parametrize("shape", [f"({2**31},)", f"(0, {2**31})"])
def test_an_axis_of_more_than_31_bits_is_refused(tmp_path, shape, at_most):
    path = tmp_path / "x.npy"
    path.write_bytes(npy("'|u1'", shape, b""))
    os.truncate(path, 2**31 + 1000)
    with at_most(1 << 20), pytest.raises(ValueError, match=f"{path} holds an array of shape .*2147483648"):
        read_array(path, mmap=True)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 127), st.integers(0, 255))
def test_an_array_with_a_changed_byte_in_its_head_is_read_or_damaged(tmp_path_factory, place, byte):
    content = io.BytesIO()
    np.save(content, np.arange(50, dtype=np.uint8))
    changed = bytearray(content.getvalue())
    changed[place] = byte
    path = tmp_path_factory.mktemp("changed") / "x.npy"
    path.write_bytes(changed)
    with contextlib.suppress(Damaged):
        read_array(path)


def packed(size):
    """A gzip of so many zeros, without making them at once."""
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1) as file:
        for _ in range(size >> 20):
            file.write(bytes(1 << 20))
    return content.getvalue()


@pytest.mark.parametrize("size", [-1, None, 1 << 40, 1 << 24])
def test_a_limited_stream_hands_out_no_more_in_one_read(size, at_most):
    with at_most(4 << 20), gzip.GzipFile(fileobj=io.BytesIO(packed(16 << 20))) as file:
        limited = Limited(file, 1 << 40, 1 << 20)
        with pytest.raises(ValueError, match="more than 1,048,576 in one piece"):
            limited.read(size)


def test_a_limited_stream_hands_out_no_more_in_all():
    with gzip.GzipFile(fileobj=io.BytesIO(packed(4 << 20))) as file:
        limited = Limited(file, 3 << 20)
        assert sum(len(limited.read(1 << 20)) for _ in range(3)) == 3 << 20
        with pytest.raises(ValueError, match="more than 3,145,728 bytes"):
            limited.read(1)
        with pytest.raises(ValueError, match="more than 3,145,728 bytes"):
            limited.seek((3 << 20) + 1)


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=60), st.lists(st.integers(-1, 70), max_size=5), st.integers(0, 70), st.integers(1, 70))
def test_a_limited_stream_reads_as_the_stream_does_or_refuses(content, sizes, most, at_once):
    plain, limited = io.BytesIO(content), Limited(io.BytesIO(content), most, at_once)
    with contextlib.suppress(ValueError):
        for size in sizes:
            assert limited.read(size) == plain.read(size)
            assert limited.tell() == plain.tell() <= most
