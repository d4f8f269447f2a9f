"""Tables of paths and labels."""

import numpy as np
import pytest

from saddlery.data import folder, origin_of


@pytest.fixture
def root(tmp_path, plain):
    """Six pictures, two of them in a folder below."""
    (tmp_path / "d" / "more").mkdir(parents=True)
    for i in range(6):
        (tmp_path / "d" / (f"{i}.png" if i < 4 else f"more/{i}, it is.png")).write_bytes(plain(10 * i))
    return tmp_path / "d"


def read(root, text, name="x.csv", encoding="utf-8"):
    (root / name).write_bytes(text.encode(encoding))
    data = folder(root / name, 8)
    return np.asarray(data.images)[:, 0, 0, 0].tolist(), None if data.labels is None else data.labels.tolist(), data


@pytest.mark.parametrize(
    "text",
    [
        "path,label\n0.png,dog\n2.png,cat\n1.png,dog\n",
        "﻿Label , FileName\r\ndog,0.png\r\ncat,2.png\r\ndog,1.png\r\n\r\n",
        "0.png,dog\n2.png,cat\n1.png,dog\n",
        "n;target;which\n1;dog;0.png\n2;cat;./2.png\n3;dog;1.png\n",
        "which\tclass\n0.png\tdog\n2.png\tcat\n1.png\tdog\n",
    ],
    ids=["head", "spreadsheet", "no head", "semicolons", "tabs"],
)
def test_columns_are_known_by_their_heads_and_what_they_hold(root, text):
    images, labels, data = read(root, text)
    assert images == [0, 10, 20]
    assert labels == [1, 1, 0]
    assert origin_of(data).classes == ("cat", "dog")


def test_whole_numbers_are_labels_as_they_are(root):
    assert read(root, "image,label\n0.png,7\n1.png,10\n2.png,7\n")[1] == [7, 10, 7]


def test_names_with_commas_in_quotes_and_folders_below(root):
    images, labels, _ = read(root, 'image,label\n"more/4, it is.png",a\n1.png,"b, c"\n')
    assert images == [10, 40]
    assert labels == [1, 0]


def test_a_table_of_paths_alone_has_no_labels(root):
    assert read(root, "image\n0.png\n1.png\n")[:2] == ([0, 10], None)
    assert read(root, "image\tx\n0.png\t3\n1.png\t4\n", "x.tsv")[:2] == ([0, 10], None)


def test_missing_files_are_named_and_rows_that_are_there_twice_count_once(root):
    said = r"1 of 3 images cannot .*: gone\.png \(No such file"
    with (
        pytest.warns(UserWarning, match=said),
        pytest.warns(UserWarning, match=r"x\.csv: 2 rows say again what others"),
    ):
        images, labels, _ = read(root, "image,label\n0.png,a\n0.png,a\n1.png,b\n./0.png,a\ngone.png,a\n")
    assert images == [0, 10]
    assert labels == [0, 1]


def test_a_file_or_label_that_changed_is_noticed(root, plain):
    assert read(root, "0.png,a\n1.png,b\n")[1] == [0, 1]
    assert read(root, "0.png,b\n1.png,a\n")[1] == [1, 0]
    (root / "0.png").write_bytes(plain(77))
    assert read(root, "0.png,b\n1.png,a\n")[0] == [77, 10]


@pytest.mark.parametrize("name", ["../d/0.png", "/etc/0.png", "more/../../0.png", "C:\\0.png"])
def test_a_path_that_leaves_the_folder_is_refused(root, name):
    with pytest.raises(ValueError, match=r"x\.csv is refused: row 3 says .*, which leads out of its folder"):
        read(root, f"image,label\n1.png,a\n{name},b\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n1,2\n", "has no column of images' paths: its head is 'a, b'"),
        ("image,label\n0.png,a\n0.png,b\n", "says two labels of '0.png', 'a' and 'b'"),
        ("image,label\n,b\n", "has no path in row 2"),
        ('image,label\n"0.png,b\n', "is no table: "),
        ("image\0,label\n", "it holds characters of no text"),
    ],
)
def test_tables_that_cannot_be_used_are_refused(root, text, message):
    with pytest.raises(ValueError, match=message):
        read(root, text)
    with pytest.raises(ValueError, match="is no table in UTF-8"):
        read(root, "image,label\nä.png,b", encoding="latin-1")


def test_an_image_without_a_label_takes_the_others_labels_away_and_that_is_said(root):
    with pytest.warns(UserWarning, match=r"1 of 2 images has no label \(1\.png\)"):
        assert read(root, "image,label\n0.png,a\n1.png,\n")[1] is None
