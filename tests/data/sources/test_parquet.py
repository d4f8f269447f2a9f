"""Parquet files with a column of images."""

import builtins
import json
from importlib import import_module

import numpy as np
import pytest

from saddlery.data import folder, origin_of

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")
the_parquet = import_module("saddlery.data.sources.parquet")  # the name of the function, too


@pytest.fixture
def pictures(plain):
    """Eleven pictures as Hugging Face's data sets hold them."""
    return [{"bytes": plain(10 * i), "path": f"{i}.png"} for i in range(11)]


def write(path, columns, metadata=None, **settings):
    path.parent.mkdir(exist_ok=True)
    table = pa.table(columns)
    pq.write_table(table.replace_schema_metadata(metadata) if metadata else table, path, **settings)
    return path


def levels(data):
    return np.asarray(data.images)[:, 0, 0, 0].tolist()


@pytest.mark.parametrize("rows", [3, 100])
def test_images_and_labels_are_those_of_the_rows(tmp_path, pictures, rows):
    names = ["cat", "dog", "owl"]
    said = json.dumps({"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}})
    columns = {"image": pictures, "label": [i % 3 for i in range(11)]}
    data = folder(write(tmp_path / "x.parquet", columns, {"huggingface": said}, row_group_size=rows), 8, strict=True)
    assert levels(data) == [10 * i for i in range(11)]
    assert data.labels.tolist() == [i % 3 for i in range(11)]
    assert origin_of(data).classes == tuple(names)
    assert [*origin_of(data).manifest().files][1] == "x.parquet/00000001"


def test_bytes_alone_and_labels_in_words(tmp_path, pictures):
    columns = {"id": [b"1"] * 11, "jpg": [each["bytes"] for each in pictures], "class": ["b", "a"] * 5 + ["b"]}
    data = folder(write(tmp_path / "x.parquet", columns), 8)
    assert data.labels.tolist() == [1, 0] * 5 + [1]
    assert origin_of(data).classes == ("a", "b")


def test_folders_and_patterns_of_them(tmp_path, pictures):
    for i in range(2):
        write(tmp_path / "d" / f"train-{i}.parquet", {"image": pictures[5 * i : 5 * i + 5]})
    for path in ("d", "d/train-{0..1}.parquet", "d/*.parquet"):
        assert levels(folder(tmp_path / path, 8)) == [10 * i for i in range(10)]
    write(tmp_path / "d" / "test-0.parquet", {"image": pictures[:1]})
    with pytest.raises(ValueError, match="d holds several splits, test, train: give the files of one"):
        folder(tmp_path / "d")


def test_rows_without_a_picture_are_named(tmp_path, pictures):
    pictures[2], pictures[4] = None, {"bytes": b"<html>", "path": None}
    with pytest.warns(UserWarning, match=r"2 of 11 .* x\.parquet/00000002 \(its row holds no bytes\), x.*4 \(.*HTML"):
        assert len(folder(write(tmp_path / "x.parquet", {"image": pictures}), 8)) == 9


def test_few_groups_of_rows_are_held_at_once(tmp_path, pictures, monkeypatch):
    monkeypatch.setattr(the_parquet, "TOGETHER", 0)
    most = []
    rows = the_parquet._Held.rows
    monkeypatch.setattr(
        the_parquet._Held, "rows", lambda held, group: (rows(held, group), most.append(len(held.held)))[0]
    )
    assert len(folder(write(tmp_path / "x.parquet", {"image": pictures}, row_group_size=2), 8)) == 11
    assert max(most) == 2


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"x": [1, 2]}, "has no column of images, bytes or structures of bytes and path: its columns are 'x'"),
        ({"a": [b"1"], "b": [b"2"]}, "which column holds the images"),
        ({"image": pa.array([], pa.binary())}, "holds no images: it has no rows"),
    ],
)
def test_other_tables_are_refused(tmp_path, columns, message):
    with pytest.raises(ValueError, match=message):
        folder(write(tmp_path / "x.parquet", columns))


def test_what_is_no_parquet_file_is_refused_in_one_line(tmp_path, pictures):
    path = write(tmp_path / "x.parquet", {"image": pictures})
    for content in (b"", b"PAR1 but no more", path.read_bytes()[:-20]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x\.parquet is no Parquet file, or it is damaged") as refused:
            folder(path)
        assert "\n" not in str(refused.value)


def test_without_pyarrow_the_extra_is_named(tmp_path, pictures, monkeypatch):
    path, plainly = write(tmp_path / "x.parquet", {"image": pictures}), builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("pyarrow"):
            raise ModuleNotFoundError(name)
        return plainly(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ValueError, match=r'pip install "saddlery\[parquet\]"'):
        folder(path)
