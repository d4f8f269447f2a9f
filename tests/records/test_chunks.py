"""Chunks of cells: many are read to the same numbers as by Zarr, one by one or at a time, and damage is found."""

import hashlib

import numpy as np
import pytest
import xarray as xr
import zarr

from saddlery.errors import Damaged
from saddlery.records import chunks
from saddlery.records.store import Store

CELLS = 40
KNOWN = xr.Dataset(
    {"scale": ("setting", np.zeros(CELLS)), "centres": (("mode", "axis"), np.zeros((3, 2)))},
    {"setting": [f"setting {i}" for i in range(CELLS)], "seed": [0, 1], "step": [0, 5, 10]},
)


def cell(i):
    random = np.random.default_rng(i)
    return xr.Dataset(
        {
            "loss": (("seed", "step"), random.normal(size=(2, 3)).astype(np.float32)),
            "images": (("seed", "step", "y", "x"), random.integers(0, 255, (2, 3, 4, 5)).astype(np.uint8)),
            "position": (("seed", "step", "axis"), random.normal(size=(2, 3, 2))),
            "diverged_at": ("seed", random.integers(-1, 9, 2)),
            "blank": (
                ("seed", "step"),
                np.full((2, 3), np.nan if i % 2 else float(i)),
            ),  # no chunk
            "nothing": ("seed", np.zeros(2, int)),
        }
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    store = Store(tmp_path_factory.mktemp("store") / "a.zarr")
    store.create({}, KNOWN, cell(0))
    for i in range(0, CELLS, 3):
        store.write(i, cell(i))
    return store


@pytest.mark.parametrize("long", [0.0, 1e9], ids=["at a time", "one by one"])
def test_the_numbers_are_zarr_s(filled, long, monkeypatch):
    monkeypatch.setattr(chunks, "LONG", long)
    found, root = filled.read(), zarr.open_group(filled.store, mode="r")
    places = list(range(0, CELLS, 3))
    assert found["setting"].values.tolist() == [f"setting {i}" for i in places]
    for name, expected in cell(0).items():
        plain = root[name][:][places]
        np.testing.assert_array_equal(found[name].values, plain)
        np.testing.assert_array_equal(plain[1], cell(3)[name])
        assert (found[name].dims, found[name].dtype) == (("setting", *expected.dims), plain.dtype)
    np.testing.assert_array_equal(found["scale"], np.zeros(len(places)))  # a known one, of which it writes none
    np.testing.assert_array_equal(found["centres"], np.zeros((3, 2)))


def test_of_cells_that_are_not_finished_there_is_what_is_known_beforehand(filled):
    found = filled.read(also=[0, 1, 4])
    assert found["setting"].values[:4].tolist() == ["setting 0", "setting 1", "setting 3", "setting 4"]
    np.testing.assert_array_equal(found["loss"][0], cell(0)["loss"])
    np.testing.assert_array_equal(found["loss"][2], cell(3)["loss"])
    for empty in (1, 3):
        assert np.isnan(found["loss"][empty]).all()
        assert (found["images"][empty] == 255).all()
        assert (found["diverged_at"][empty] == 0).all()


def test_of_numbers_only_no_image_is_read(filled, monkeypatch):
    got = []
    get = filled._get
    monkeypatch.setattr(filled, "_get", lambda key: got.append(key) or get(key))
    found = filled.read(numbers=True)
    assert set(found.data_vars) == {"scale", "loss", "diverged_at", "blank", "nothing"}
    assert not [key for key in got if key.startswith(("images/c", "position/c"))]


@pytest.mark.parametrize("long", [0.0, 1e9], ids=["at a time", "one by one"])
def test_what_was_changed_or_is_of_another_shape_is_damage(filled, long, monkeypatch):
    monkeypatch.setattr(chunks, "LONG", long)
    get, key = filled._get, "images/c/6/1/0/0/0"
    assert get(key)
    for content, what in ((b"other", "changed"), (None, "is missing")):
        monkeypatch.setattr(filled, "_get", lambda asked, content=content: content if asked == key else get(asked))
        assert filled.damaged([0, 3, 6, 9]) == {6: f"{key} {what}"}
        with pytest.raises(Damaged, match=f"{key} {what} since it was written"):
            filled.read()
    small = zarr.codecs.ZstdCodec(level=1, checksum=True)._zstd_codec.encode(bytes(3))
    monkeypatch.setattr(filled, "_get", lambda asked: small if asked == key else get(asked))
    digests = filled._digests
    wrong = hashlib.sha256(small).hexdigest()
    monkeypatch.setattr(filled, "_digests", lambda place: digests(place) | ({key: wrong} if place == 6 else {}))
    with pytest.raises(Damaged, match=f"{key} does not fit"):
        filled.read()


@pytest.mark.parametrize("size", [1, 255, 256, 65_791, 65_792, 70_000])
def test_a_frame_says_its_size(size):
    codec = zarr.codecs.ZstdCodec(level=1, checksum=True)._zstd_codec
    assert chunks._unpacked(codec.encode(np.random.default_rng(0).bytes(size))) == size
