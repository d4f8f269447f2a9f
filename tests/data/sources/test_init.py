"""Ten messy data sets as people have them: what is read of each, how it is labelled, and what is said of the rest."""

import warnings

import numpy as np
import pytest
from tests.data import messy

from saddlery.data import folder, origin_of

SIZE = 16
PACKED = "webdataset", "parquet", "packed"  # whose files are in few


def read(name, root, **settings):
    """The data, their images, how often each label, and what was said, without the path."""
    path = messy.made(name, root)
    assert name in PACKED or sum(file.is_file() for file in root.rglob("*")) >= 100
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        data = folder(path, SIZE, **settings)
    counts = None if data.labels is None else np.bincount(np.asarray(data.labels)).tolist()
    said = [str(each.message) for each in said]
    assert all(each.startswith(f"{path}: ") and each.isprintable() and "BytesIO" not in each for each in said)
    return data, np.asarray(data.images), counts, [each.removeprefix(f"{path}: ") for each in said]


def are_upright(images):
    """Whether skies are above."""
    return (images[:, 1].mean((1, 2)) > images[:, -2].mean((1, 2)) + 50).all()


def test_a_camera_card(tmp_path):
    _, images, counts, said = read("camera_card", tmp_path)
    assert len(images) == 80
    assert counts is None
    assert are_upright(images)
    assert said == ["20 files of kinds that are not read are passed over: .cr2 (20)"]


def test_a_scraped_set(tmp_path):
    data, images, counts, said = read("scraped", tmp_path)
    assert len(images) == 70 + 6 + 4 + 4 + 5
    assert counts is None
    assert are_upright(images)
    unreadable, passed = said
    assert unreadable.startswith("18 of 107 images cannot be read and are left out: cut0.jpg (")
    assert passed == "1 file of a kind that is not read is passed over: .heic (1)"
    names = origin_of(data).manifest().files
    assert {"two\nlines.jpg", "Fußgänger.jpg", "写真.png"} < names.keys()
    with pytest.raises(ValueError, match=r"cut0\.jpg .* cannot be read, and strict is asked for"):
        folder(tmp_path / "scraped", SIZE, strict=True)


def test_a_medical_set(tmp_path):
    _, images, counts, said = read("medical", tmp_path, channels=1)
    assert counts == [60, 30, 20]
    scans, positrons = images[:60], images[60:90]
    assert 85 < scans.mean() < 100  # of levels up to 3,000 among 4,095
    assert 120 < positrons.mean() < 135
    unreadable, scaled, passed = said
    assert unreadable == (
        "1 of 111 images cannot be read and are left out: pet/failed.tif (none of its pixels is a finite number)"
    )
    assert scaled.startswith("90 of 111 images have more than eight bits; ")
    assert "16-bit from 0 to 4,095 (60 files) and floating-point from " in scaled
    assert passed == "1 file of a kind that is not read is passed over: .dcm (1)"


def test_a_table_of_labels(tmp_path):
    data, images, counts, said = read("with_table", tmp_path)
    assert len(images) == 96
    assert counts == [32, 32, 32]
    assert origin_of(data).classes == ("Cat", "Dog", "Owl, barn")
    unreadable, again = said
    assert unreadable.startswith("4 of 100 images cannot be read and are left out: images/cat, 96.png (No such file")
    assert again == "5 rows say again what others do, and count once"


def test_webdataset_tars(tmp_path):
    data, images, counts, said = read("webdataset", tmp_path)
    assert len(images) == 119
    assert counts == [40, 40, 39]
    assert origin_of(data).classes == ("a", "b", "c")
    assert said == [
        "1 of 120 images cannot be read and are left out: shard-002.tar/00200011.jpg (it is not an image, or of a kind "
        "that is not read)"
    ]


def test_parquet_shards(tmp_path):
    pytest.importorskip("pyarrow")
    data, images, counts, said = read("parquet", tmp_path)
    assert len(images) == 119
    assert counts == [42, 39, 38]
    assert origin_of(data).classes == ("sky", "ground", "sea")
    assert said == [
        "1 of 120 images cannot be read and are left out: train-00001-of-00003.parquet/00000005 "
        "(its row holds no bytes)"
    ]


def test_linked_classes(tmp_path):
    data, images, counts, said = read("linked", tmp_path)
    assert len(images) == 102
    assert counts == [34, 34, 34]
    assert origin_of(data).classes == ("cat", "dog", "owl")
    (unreadable,) = said
    assert unreadable == (
        "2 of 104 images cannot be read and are left out: fox (a link that leads nowhere), "
        "owl/lost.png (a link that leads nowhere)"
    )


def test_a_zip_made_on_a_mac(tmp_path):
    _, images, counts, said = read("packed", tmp_path)
    assert len(images) == 109
    assert counts == [37, 37, 35]
    (unreadable,) = said
    assert unreadable.startswith(
        "1 of 110 images cannot be read and are left out: My pictures/2024/winter/DSC00050.jpeg ("
    )


def test_a_sorted_tree_with_a_class_of_one(tmp_path):
    data, _, counts, said = read("sorted_tree", tmp_path)
    assert counts == [100, 12, 1]
    assert origin_of(data).classes == ("common", "rare", "single")
    assert said == []


def test_mixed_sizes(tmp_path):
    _, images, counts, said = read("mixed_sizes", tmp_path)
    assert images.shape == (94, SIZE, SIZE, 3)
    assert counts is None
    assert said == [
        "1 of 95 images cannot be read and are left out: poster.PNG (9000×8000 pixels, more than 67,108,864)"
    ]


def test_each_is_had_again_from_the_cache_with_the_same_words(tmp_path):
    for name in ("scraped", "medical", "linked"):
        first, *_, said = read(name, tmp_path)
        with warnings.catch_warnings(record=True) as again:
            warnings.simplefilter("always")
            data = folder(origin_of(first).path, SIZE)
        np.testing.assert_array_equal(data.images, first.images)
        assert [str(each.message).removeprefix(f"{origin_of(first).path}: ") for each in again] == said
