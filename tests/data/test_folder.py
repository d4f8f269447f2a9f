"""Folders and zips of images: what is decoded, kept, left out and refused."""

import json
import os
import struct
import warnings
import zipfile

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from tests.data.packing import kept, packed

from saddlery.data import Images, Shards, folder
from saddlery.data import kept as the_cache
from saddlery.data.sources import source as limits
from saddlery.data.sources import zips


def test_images_of_all_folders_are_squares_labelled_by_their_folders(pictures):
    data = folder(pictures, 4)
    assert data.images.shape == (9, 4, 4, 3)
    assert data.images.dtype == jnp.uint8
    np.testing.assert_array_equal(data.images[:, 0, 0, 0], [20, 50, 80, 0, 30, 60, 10, 40, 70])  # 2.png, …, a/0.png, …
    np.testing.assert_array_equal(data.labels, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    assert np.ptp(np.asarray(data.images), axis=(1, 2, 3)).max() == 0


def test_a_zip_is_read_as_the_folder_that_it_holds(pictures, tmp_path):
    one, other = folder(pictures, 4), folder(packed(tmp_path / "pictures.zip", pictures), 4)
    np.testing.assert_array_equal(one.images, other.images)
    np.testing.assert_array_equal(one.labels, other.labels)


def test_images_of_one_folder_have_no_labels(pictures):
    assert folder(pictures / "a", 4, channels=1).labels is None


def test_they_are_decoded_once_and_again_when_anything_changes(pictures, cache, plain, tmp_path):
    calls = []

    def read(**settings):
        calls.clear()
        folder(pictures, 4, progress=lambda done, total: calls.append((done, total)), **settings)
        return calls[-1:]

    assert read() == [(9, 9)]
    assert read() == []
    assert len(kept(cache)) == 1
    assert read(channels=1) == [(9, 9)]
    assert read(crop=3) == [(9, 9)]
    (pictures / "a" / "0.png").write_bytes(plain(99, (3, 3, 3)))
    assert read() == [(9, 9)]
    (pictures / "a" / "0.png").rename(pictures / "a" / "moved.png")
    assert read() == [(9, 9)]
    path = packed(tmp_path / "pictures.zip", pictures)
    folder(path, 4)
    packed(path, pictures / "b")
    assert len(folder(path, 4)) == 3


def test_the_array_is_an_npy_file_of_the_images_in_order(pictures, cache):
    data = folder(pictures, 4)
    np.testing.assert_array_equal(np.load(kept(cache)[0] / "images.npy"), data.images)
    assert json.loads((kept(cache)[0] / "about.json").read_text())["images"] == 9


def test_celebrities_faces_are_cropped_as_is_customary(tmp_path, cache):
    y, x = np.mgrid[:218, :178]
    middle = (abs(y - 108.5) < 54) & (abs(x - 88.5) < 54)  # 108 × 108
    faces = tmp_path / "img_align_celeba"
    faces.mkdir()
    for i in range(2):
        Image.fromarray(np.where(middle, 200, 0).astype(np.uint8)).save(faces / f"{i:06}.jpg", quality=100)
    for path in (faces, packed(tmp_path / "celeba.zip", tmp_path)):
        assert np.abs(np.asarray(folder(path, 64).images, int) - 200).max() < 40  # none of what is black around it
        assert (np.asarray(folder(path, 64, crop=178).images)[:, 0] < 40).all()


def test_a_corrupt_image_is_named_left_out_and_counted(pictures, cache):
    (pictures / "b" / "broken.jpg").write_bytes(b"\xff\xd8\xff no jpeg")
    (pictures / "b" / "cut.png").write_bytes((pictures / "b" / "1.PNG").read_bytes()[:-30])
    for _ in range(2):  # decoded, and read back
        with pytest.warns(UserWarning, match=r"2 of 11 images cannot be read .*: b/broken\.jpg \(.*b/cut"):
            data = folder(pictures, 4)
        assert data.images.shape == (9, 4, 4, 3)
        np.testing.assert_array_equal(data.labels, [0, 0, 0, 1, 1, 1, 2, 2, 2])
    np.testing.assert_array_equal(np.load(kept(cache)[0] / "images.npy"), data.images)


@pytest.mark.parametrize("before", [True, False], ids=["kept before", "new"])
def test_strict_stops_at_a_corrupt_image_and_nothing_is_left(pictures, cache, before):
    (pictures / "b" / "broken.jpg").write_bytes(b"no jpeg")
    if before:
        with pytest.warns(UserWarning, match="broken"):
            folder(pictures, 4)
    with pytest.raises(ValueError, match=r"b/broken\.jpg .* cannot be read"):
        folder(pictures, 4, strict=True)
    assert len(kept(cache)) == before


def test_a_warning_names_the_first_few_of_many(tmp_path, plain):
    for i in range(300):
        (tmp_path / f"{i:03}.png").write_bytes(plain(i % 256, (3, 3)) if i == 150 else b"")
    with pytest.warns(UserWarning, match="299 of 300") as warned:
        data = folder(tmp_path, 3)
    assert len(data) == 1
    assert "004.png" in str(warned[0].message)
    assert "005.png" not in str(warned[0].message)


def test_nothing_readable_is_refused_and_nothing_is_left(tmp_path, cache):
    (tmp_path / "x.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"none of its 1 images can be read, x\.png"):
        folder(tmp_path, 4)
    assert kept(cache) == []


def test_stopped_in_the_middle_nothing_is_left(pictures, cache):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        folder(pictures, 4, progress=stop)
    assert kept(cache) == []


def test_folders_without_images_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="empty holds no images: it is empty"):
        folder(tmp_path / "empty")
    (tmp_path / "empty" / "x.txt").write_text("")
    with pytest.raises(ValueError, match=r"empty holds no images: none of its 1 files ends in \.avif, .*\.png"):
        folder(tmp_path / "empty")
    with pytest.raises(FileNotFoundError, match="nowhere is not there"):
        folder(tmp_path / "nowhere")
    with pytest.raises(
        ValueError,
        match=r"x\.txt is of a kind that is not read; expected a folder or a zip of images, .*\.parquet.*\.csv",
    ):
        folder(tmp_path / "empty" / "x.txt")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w"):
        pass
    with pytest.raises(ValueError, match=r"empty\.zip holds no images: it is empty"):
        folder(tmp_path / "empty.zip")


@pytest.mark.parametrize("name", ["../x.png", "a/../../x.png", "/x.png", "..\\x.png", "C:/x.png", "\\\\host\\x.png"])
def test_a_path_that_leaves_the_zip_is_refused(tmp_path, name, plain):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fine.png", plain(0))
        archive.writestr(name, plain(0))
    with pytest.raises(ValueError, match=r"x\.zip is refused: its entry .* lies outside the zip"):
        folder(path)


@pytest.mark.parametrize("packed", [True, False])
def test_what_is_large_and_no_image_is_told_by_its_beginning(tmp_path, plain, at_most, packed):
    path = tmp_path / ("bomb.zip" if packed else "bomb")
    if packed:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("x.png", bytes(1 << 26))
            archive.writestr("y.png", plain(7))
    else:
        path.mkdir()
        (path / "y.png").write_bytes(plain(7))
        with open(path / "x.png", "wb") as file:
            file.truncate(1 << 26)
    with at_most(16 << 20), pytest.warns(UserWarning, match=r"x\.png \(67,108,864 bytes that do not begin as an image"):
        assert len(folder(path, 4)) == 1


def test_a_highly_compressible_zip_of_pictures_is_read(tmp_path, plain):
    with zipfile.ZipFile(tmp_path / "blank.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.ppm", b"P6 2000 2000 255\n" + bytes(12_000_000))
    assert folder(tmp_path / "blank.zip", 4).images.max() == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "GIF", "BMP", "WEBP", "PPM"])
def test_large_pictures_of_every_kind_are_known_by_their_beginning(tmp_path, monkeypatch, kind):
    monkeypatch.setattr(limits, "LARGE", 10)
    suffix = {"JPEG": "jpg", "TIFF": "tif"}.get(kind, kind.lower())
    Image.fromarray(np.full((40, 40, 3), 90, np.uint8)).save(tmp_path / f"x.{suffix}", kind)
    if kind == "JPEG":  # what a camera says may be long
        content = (tmp_path / "x.jpg").read_bytes()
        long = b"\xff\xe1\xff\xff" + bytes(0xFFFD)
        (tmp_path / "x.jpg").write_bytes(content[:2] + 40 * long + content[2:])
    assert abs(int(folder(tmp_path, 4).images[0, 0, 0, 0]) - 90) < 3


def test_a_table_of_contents_without_end_is_refused(tmp_path, monkeypatch, at_most):
    path = tmp_path / "x.zip"
    size = 1 << 26
    with open(path, "wb") as file:
        file.truncate(size)
        file.seek(size)
        file.write(struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, size, 0, 0))
    monkeypatch.setattr(zips, "DIRECTORY", 1 << 20)
    with at_most(4 << 20), pytest.raises(ValueError, match=r"x\.zip is damaged: it holds more than"):
        folder(path)


@pytest.mark.parametrize("kind", ["pipe", "socket", "link to a device", "link in a circle", "link to nothing"])
def test_what_is_no_regular_file_is_left_out_and_not_waited_for(pictures, kind, irregular, at_most):
    irregular(kind, pictures / "b" / "odd.png")
    with at_most(16 << 20), pytest.warns(UserWarning, match=r"1 of 10 images cannot be read .*: b/odd\.png \("):
        assert len(folder(pictures, 4)) == 9


def test_a_link_to_a_picture_is_read_and_its_target_looked_at(pictures, plain, tmp_path):
    (tmp_path / "other.png").write_bytes(plain(200))
    (pictures / "linked.png").symlink_to(tmp_path / "other.png")
    (pictures / "a" / "round").symlink_to(pictures)
    assert folder(pictures, 4).images[-1, 0, 0, 0] == 200
    (tmp_path / "other.png").write_bytes(plain(201, (9, 9, 3)))
    assert folder(pictures, 4).images[-1, 0, 0, 0] == 201


def test_names_reach_the_terminal_without_control_characters(tmp_path, plain):
    (tmp_path / "a\x1b[31m").mkdir()
    (tmp_path / "a\x1b[31m" / "x\x1b]0;\x07.png").write_bytes(b"")
    (tmp_path / "a\x1b[31m" / "y.png").write_bytes(plain(7))
    with pytest.warns(UserWarning, match="cannot be read") as warned:
        folder(tmp_path / "a\x1b[31m", 4)
    assert str(warned[0].message).isprintable()
    (tmp_path / "b\x1b").mkdir()
    with pytest.raises(ValueError, match="holds no images") as refused:
        folder(tmp_path / "b\x1b")
    assert str(refused.value).isprintable()


def flipped(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGE = {
    "a byte": lambda kept: flipped(kept / "images.npy"),
    "half": lambda kept: os.truncate(kept / "images.npy", 250),
    "empty": lambda kept: os.truncate(kept / "images.npy", 0),
    "missing": lambda kept: (kept / "images.npy").unlink(),
    "labels": lambda kept: flipped(kept / "labels.npy"),
    "about": lambda kept: (kept / "about.json").write_text("{"),
    "seal": lambda kept: (kept / "digests.json").write_text("{"),
    "no seal": lambda kept: (kept / "digests.json").unlink(),
    "stranger": lambda kept: (kept / "mine.txt").write_text("mine"),
    "pipe": lambda kept: ((kept / "images.npy").unlink(), os.mkfifo(kept / "images.npy")),
    "all": lambda kept: [each.unlink() for each in kept.iterdir()],
}


@pytest.mark.parametrize("wholly", [True, False], ids=["every byte", "their number"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_damaged_images_of_the_cache_are_named_and_decoded_anew(pictures, cache, damage, wholly, monkeypatch):
    if not wholly:
        if damage in ("a byte", "stranger"):
            pytest.skip("is not looked for in more than 512 MiB")
        monkeypatch.setattr(the_cache, "WHOLLY", 10)
    before = folder(pictures, 4)
    (path,) = kept(cache)
    DAMAGE[damage](path)
    with pytest.warns(UserWarning, match=f"{path}.*; the images are decoded anew"):
        after = folder(pictures, 4)
    np.testing.assert_array_equal(after.images, before.images)
    np.testing.assert_array_equal(after.labels, before.labels)
    np.testing.assert_array_equal(folder(pictures, 4).images, before.images)  # and without a warning


def test_what_is_not_saddlerys_in_its_place_is_left_alone(pictures, cache):
    folder(pictures, 4)
    (path,) = kept(cache)
    (path / "mine.txt").write_text("mine")
    with pytest.warns(UserWarning, match="mine.txt was added"):
        folder(pictures, 4)
    assert (path / "mine.txt").read_text() == "mine"
    assert [each.name for each in kept(cache)] == [path.name, f"{path.name}-2"]


def test_a_zip_with_an_image_too_large_for_memory_is_refused(tmp_path, monkeypatch, plain):
    monkeypatch.setattr(limits, "LARGEST", 50)
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as archive:
        archive.writestr("x.png", plain(0))
    with pytest.raises(ValueError, match=r"its entry 'x\.png' unpacks to"):
        folder(tmp_path / "x.zip")


def test_an_entry_that_unpacks_to_more_than_it_says_is_left_out(tmp_path, plain):
    path, content = tmp_path / "x.zip", plain(3)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", content)
        archive.writestr("b.png", content + bytes(5_000_000))
    lies = path.read_bytes().replace(struct.pack("<I", len(content) + 5_000_000), struct.pack("<I", len(content)))
    path.write_bytes(lies)
    with pytest.warns(UserWarning, match=r"1 of 2 images cannot be read and are left out: b\.png \(Bad CRC"):
        assert len(folder(path, 8)) == 1


def test_damaged_and_encrypted_zips_are_refused(tmp_path, plain):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.png", plain(0))
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(ValueError, match="or the zip is damaged"):
        folder(path)
    directory = whole.index(b"PK\1\2")
    path.write_bytes(whole[: directory + 8] + b"\1\0" + whole[directory + 10 :])
    with pytest.raises(ValueError, match="is encrypted: unpack it"):
        folder(path)


@pytest.mark.parametrize(
    "settings", [{"size": 0}, {"size": 10**6}, {"size": 4.0}, {"channels": 2}, {"channels": True}, {"crop": 0}]
)
def test_settings_that_make_no_sense_are_refused(pictures, settings):
    with pytest.raises(ValueError, match=f"{next(iter(settings))}: got "):
        folder(pictures, **settings)


def test_what_does_not_fit_is_kept_in_shards(pictures):
    assert isinstance(folder(pictures, 4, memory=9 * 48), Images)
    shards = folder(pictures, 4, memory=4 * 48)
    assert isinstance(shards, Shards)
    assert len(shards) == 4


def test_real_photographs(real, tmp_path):
    with zipfile.ZipFile(real("cifar10") / "test.zip") as whole, zipfile.ZipFile(tmp_path / "part.zip", "w") as part:
        names = [name for name in whole.namelist() if name.endswith("99.jpg")]
        for name in names:
            part.writestr(name, whole.read(name))
        with warnings.catch_warnings(), whole.open(sorted(names)[7]) as file:
            expected = np.asarray(Image.open(file).convert("RGB"))
    data = folder(tmp_path / "part.zip", 32, strict=True)
    assert len(data) == 100
    np.testing.assert_array_equal(data.images[7], expected)
