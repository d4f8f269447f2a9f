"""The store: cells that are there whole or not at all."""

import json

import numpy as np
import pytest
import xarray as xr
import zarr

from saddlery.sweeps import store as stores
from saddlery.sweeps.store import MARKERS, Store

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

    def killed(array, place, value):
        if array.path == MARKERS:
            raise RuntimeError("killed")
        return write(array, place, value)

    write = zarr.Array.__setitem__
    with monkeypatch.context() as patched:
        patched.setattr(zarr.Array, "__setitem__", killed)
        with pytest.raises(OSError, match=r"a cell could not be written to .*: killed"):
            store.write(2, cell(2))
    assert Store(address).finished() == [1]
    assert Store(address).read().sizes["setting"] == 1
    store.write(2, cell(2))
    assert Store(address).finished() == [1, 2]


def test_a_store_whose_making_was_stopped_is_none_and_one_of_another_version_is_refused(address):
    store = Store(address)
    store.create(WHAT, KNOWN, cell(0))
    root = zarr.open_group(store.store, mode="r+")
    root.attrs["saddlery_format"] = 99
    with pytest.raises(ValueError, match="has format 99, this version of Saddlery reads format 1"):
        Store(address).description()
    del root[MARKERS]
    assert Store(address).description() is None
    store.clear()
    assert Store(address).description() is None


def test_a_damaged_chunk_is_named(tmp_path):
    store = Store(tmp_path / "a.zarr")
    store.create(WHAT, KNOWN, cell(0))
    store.write(0, cell(0))
    chunk = next((tmp_path / "a.zarr" / "modes" / "c").rglob("0"))
    chunk = chunk if chunk.is_file() else next(path for path in chunk.rglob("*") if path.is_file())
    content = bytearray(chunk.read_bytes())
    content[len(content) // 2] ^= 0xFF
    chunk.write_bytes(content)
    with pytest.raises(ValueError, match="is damaged"):
        store.read()
    (tmp_path / "a.zarr" / "zarr.json").write_text("{")
    with pytest.raises(ValueError, match="is damaged"):
        store.description()


def test_what_does_not_fit_on_the_disk_is_refused_before_anything_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr(stores, "room", lambda path: 1e8 + 100)
    with pytest.raises(OSError, match=r"the records need up to 0\.0 GB and 0\.1 GB are free; record less often"):
        Store(tmp_path / "a.zarr").create(WHAT, KNOWN, cell(0))
    assert not (tmp_path / "a.zarr").exists()


def test_an_address_that_is_none_is_named():
    with pytest.raises(ValueError, match="store: nowhere://x cannot be opened"):
        Store("nowhere://x").description()


def test_the_description_is_plain_json(tmp_path):
    store = Store(tmp_path / "a.zarr")
    store.create(WHAT, KNOWN, cell(0))
    assert json.loads(json.loads((tmp_path / "a.zarr" / "zarr.json").read_text())["attributes"]["saddlery"]) == WHAT
