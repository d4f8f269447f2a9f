"""The store: cells that are there whole or not at all."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from saddlery.errors import Damaged
from saddlery.records import store as stores
from saddlery.records.storage import LOCK
from saddlery.records.store import CELLS, Store, location

TEXT = np.dtypes.StringDType()
KNOWN = xr.Dataset(
    {"centres": (("mode", "coordinate"), np.ones((8, 2), np.float32))},
    {
        "setting": np.array(["a", "β", "c"], TEXT),
        "gamma": ("setting", [np.nan, 1.0, 2.0]),
        "seed": [0, 1],
        "step": [0, 5],
    },
    {"steps": 5},
)
WHAT = {"game": "ring", "methods": ["a"]}


def cell(i):
    random = np.random.default_rng(i)
    return xr.Dataset(
        {
            "modes": (("seed", "step"), random.standard_normal((2, 2)).astype(np.float32)),
            "samples": (("seed", "step", "sample"), random.integers(0, 255, (2, 2, 7)).astype(np.uint8)),
            "diverged_at": ("seed", np.array([-1, i])),
        }
    )


@pytest.fixture(params=["disk", "object store"])
def address(request, tmp_path):
    return str(tmp_path / "a.zarr") if request.param == "disk" else f"memory://{tmp_path.name}/a.zarr"


def test_what_was_written_is_read_and_nothing_else(address):
    store = Store(address)
    assert store.description() is None
    with pytest.raises(FileNotFoundError, match="no store at"):
        store.read()
    store.create(WHAT, KNOWN, cell(0))
    assert Store(address).description() == WHAT
    assert store.finished() == []
    for place in (2, 0):
        store.write(place, cell(place))
    found = Store(address).read()
    assert found["setting"].values.tolist() == ["a", "c"]
    assert found.attrs == {"steps": 5, "cells": 3}
    np.testing.assert_array_equal(found["gamma"], [np.nan, 2.0])
    np.testing.assert_array_equal(found["centres"], KNOWN["centres"])
    for i, place in enumerate((0, 2)):
        xr.testing.assert_identical(
            found[list(cell(0))].isel(setting=i).drop_vars(["setting", "gamma", "seed", "step"]).drop_attrs(),
            cell(place),
        )


def test_a_cell_without_its_marker_is_not_there(address, monkeypatch):
    store = Store(address)
    store.create(WHAT, KNOWN, cell(0))
    store.write(1, cell(1))
    put = Store._put

    def killed(self, key, content):
        if key.startswith(CELLS):
            raise RuntimeError("killed")
        put(self, key, content)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "_put", killed)
        with pytest.raises(OSError, match=r"a cell could not be written to .*: killed"):
            store.write(2, cell(2))
    assert Store(address).finished() == [1]
    assert Store(address).read().sizes["setting"] == 1
    store.write(2, cell(2))
    assert Store(address).finished() == [1, 2]


def test_a_store_whose_making_was_stopped_is_none_and_one_of_another_version_is_refused(address, monkeypatch):
    store, put = Store(address), Store._put_manifest

    def stopped(self, held):
        if held["digests"] is not None:
            raise RuntimeError("stopped")
        put(self, held)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "_put_manifest", stopped)
        with pytest.raises(RuntimeError, match="stopped"):
            store.create(WHAT, KNOWN, cell(0))
    assert Store(address).description() is None
    store.create(WHAT, KNOWN, cell(0))
    assert Store(address).description() == WHAT
    with monkeypatch.context() as patched:
        patched.setattr(stores, "FORMAT", 99)
        store.create(WHAT, KNOWN, cell(0))
    with pytest.raises(ValueError, match="has format 99, this version of Saddlery reads format 2"):
        Store(address).description()


def files(store):
    """Every object of a store by its key, but its lock."""
    return {key: store._get(key) for key in _keys(store) if not key.endswith(LOCK)}


def _keys(store):
    return [path.relative_to(store.address).as_posix() for path in Path(store.address).rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A finished store of two cells of three."""
    store = Store(tmp_path_factory.mktemp("stores") / "a.zarr")
    store.create(WHAT, KNOWN, cell(0))
    for place in (0, 2):
        store.write(place, cell(place))
    return store


@pytest.mark.long
@pytest.mark.parametrize("how", ["gone", "flipped", "half", "empty"])
def test_whatever_is_damaged_is_named_and_never_read(filled, tmp_path, how):
    """Each of its objects in turn; what is read without an error is what was written."""
    keys = sorted(files(filled))
    assert len(keys) > 20
    for i, key in enumerate(keys):
        copy = tmp_path / f"{how}-{i}"
        shutil.copytree(filled.address, copy)
        content = bytearray((copy / key).read_bytes())
        if how == "gone":
            (copy / key).unlink()
        else:
            content[len(content) // 2 : len(content) // 2 + 1] = bytes([content[len(content) // 2] ^ 0x10])
            (copy / key).write_bytes({"flipped": content, "half": content[: len(content) // 2], "empty": b""}[how])
        store = Store(copy)
        if how == "gone" and key.startswith(CELLS):
            assert store.read().sizes["setting"] == 1  # a cell without its marker is not there
        else:
            with pytest.raises(Damaged, match=re.escape(key)):
                store.read()
        of_cell = re.match(rf"({CELLS}|(modes|samples|diverged_at)/c)/(\d)", key)
        if of_cell and not (how == "gone" and key.startswith(CELLS)):
            assert store.damaged(store.finished()).keys() == {int(of_cell[3])}
            store.drop(int(of_cell[3]))
            store.write(int(of_cell[3]), cell(int(of_cell[3])))
        else:
            assert store.damaged(store.finished()) == {}
            store.create(WHAT, KNOWN, cell(0))
        if not (how == "gone" and key.startswith(CELLS)):
            assert store.read().identical(filled.read())  # repaired
        shutil.rmtree(copy)


def test_a_cell_of_another_place_or_sweep_is_none(filled, tmp_path):
    copy = tmp_path / "a.zarr"
    shutil.copytree(filled.address, copy)
    shutil.copy(copy / CELLS / "0.json", copy / CELLS / "1.json")
    assert Store(copy).damaged([0, 1, 2]) == {1: f"{CELLS}/1.json changed"}


def test_it_is_claimed_where_nothing_or_a_store_of_saddlery_s_is(address):
    store = Store(address)
    with store.claimed(pytest.fail):
        store.create(WHAT, KNOWN, cell(0))
        store.write(0, cell(0))
    with store.claimed(pytest.fail):
        assert store.finished() == [0]
    with store.claimed(pytest.fail, force=True):
        assert store.description() is None
        assert store.finished() == []
    store._put("notes.txt", "mine")
    for force in (False, True):
        with pytest.raises(FileExistsError, match=r"holds what Saddlery did not write.*notes\.txt"):
            store.claimed(pytest.fail, force=force).__enter__()
    assert store._get("notes.txt") == b"mine"


def test_something_foreign_in_a_store_keeps_force_from_removing_anything(filled, tmp_path):
    copy = tmp_path / "a.zarr"
    shutil.copytree(filled.address, copy)
    (copy / "modes" / "notes.txt").write_text("mine")
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    with pytest.raises(FileExistsError, match=r"modes/notes\.txt"):
        Store(copy).claimed(pytest.fail, force=True).__enter__()
    assert before == {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}


def test_many_cells_open_fast_since_only_the_manifest_is_compared(filled, monkeypatch):
    read = []
    monkeypatch.setattr(Store, "_get", lambda self, key, get=Store._get: read.append(key) or get(self, key))
    filled.check()
    assert not [key for key in read if "modes/c" in key or key.startswith(CELLS)]


def test_what_does_not_fit_on_the_disk_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "room", lambda path: 1e8 + 100)
    with pytest.raises(OSError, match=r"the records need up to 0\.0 GB and 0\.1 GB are free; record less often"):
        Store(tmp_path / "a.zarr").create(WHAT, KNOWN, cell(0))
    assert not (tmp_path / "a.zarr").exists()


def test_an_address_that_is_none_is_named():
    with pytest.raises(ValueError, match="store: nowhere://x cannot be opened"):
        Store("nowhere://x").description()


@pytest.mark.parametrize("text", ["", "a\0b", "~nobody-of-this-name/x"])
def test_a_text_that_is_no_address_is_named(text):
    with pytest.raises(ValueError, match=r"^store: got "):
        location(text)


def test_an_address_is_expanded_once(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert location("~/a") == location(f"file://{tmp_path}/a") == location("a") == str((tmp_path / "a").resolve())
    assert location("memory://a/b") == "memory://a/b"
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert location("link") == str((tmp_path / "elsewhere").resolve())
