"""WebDataset tars: samples of an image and a label, in one tar or several."""

import gzip
import io
import json
import tarfile
from importlib import import_module

import numpy as np
import pytest

from saddlery.data import folder, origin_of

the_tars = import_module("saddlery.data.sources.tars")  # the name of the function, too


def tar(path, files, **kinds):
    """A tar of these files, by name; `kinds` of what is no regular file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as packed:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
        for name, kind in kinds.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "elsewhere"
            packed.addfile(entry)
    return path


def samples(plain, numbers, label=lambda i: {"cls": f"{i % 3}".encode()}):
    """Samples, of each number a picture of that level with what `label` says of it."""
    found = {}
    for i in numbers:
        found[f"{i:04}.png"] = plain(i)
        found |= {f"{i:04}.{suffix}": content for suffix, content in label(i).items()}
    return found


def levels(data):
    return np.asarray(data.images)[:, 0, 0, 0].tolist()


def test_samples_have_the_labels_of_their_cls(tmp_path, plain):
    data = folder(tar(tmp_path / "x.tar", samples(plain, range(7))), 8, strict=True)
    assert levels(data) == [*range(7)]
    assert data.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_labels_in_json_are_numbered_in_alphabetical_order_and_named(tmp_path, plain):
    names = ["dog", "cat", "dog", "ant"]
    files = samples(plain, range(4), lambda i: {"json": json.dumps({"label": names[i], "w": 3}).encode()})
    data = folder(tar(tmp_path / "x.tar", files), 8)
    assert data.labels.tolist() == [2, 1, 2, 0]
    assert origin_of(data).classes == ("ant", "cat", "dog")


def test_a_pattern_and_a_folder_of_tars_are_all_of_them_in_order(tmp_path, plain):
    for shard in range(3):
        tar(tmp_path / "s" / f"a-{shard:03}.tar", samples(plain, range(2 * shard, 2 * shard + 2)))
    for path in ("s/a-{000..002}.tar", "s/a-*.tar", "s"):
        data = folder(tmp_path / path, 8)
        assert levels(data) == [*range(6)]
        assert data.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert levels(folder(tmp_path / "s/a-{001..002}.tar", 8)) == [2, 3, 4, 5]
    with pytest.raises(FileNotFoundError, match=r"a-\{001\.\.003\}\.tar: a-003\.tar is not there"):
        folder(tmp_path / "s/a-{001..003}.tar")
    with pytest.raises(FileNotFoundError, match=r"b-\*\.tar: there is no such file"):
        folder(tmp_path / "s/b-*.tar")


def test_splits_are_not_mixed(tmp_path, plain):
    for name in ("train-0", "train-1", "val-0"):
        tar(tmp_path / "s" / f"{name}.tar", samples(plain, range(2)))
    with pytest.raises(ValueError, match=r"s holds several splits, train, val: give .* as 'val\*\.tar'"):
        folder(tmp_path / "s")
    assert len(folder(tmp_path / "s" / "train-*.tar", 8)) == 4


def test_plain_tars_are_labelled_by_their_folders(tmp_path, plain):
    files = {"./b/1.x.png": plain(1), "./a/1.PNG": plain(2), "./b/1.y.png": plain(3), "./b/.hidden.png": b""}
    data = folder(tar(tmp_path / "x.tar", files), 8, strict=True)
    assert levels(data) == [2, 1, 3]
    assert data.labels.tolist() == [0, 1, 1]


def test_pictures_beside_those_of_samples_are_none_and_that_is_said(tmp_path, plain):
    files = samples(plain, range(3), lambda i: {"mask.png": plain(99), "cls": b"%d" % i})
    with pytest.warns(UserWarning, match=r"3 images beside those of samples are not read, such as 0000\.mask\.png"):
        assert levels(folder(tar(tmp_path / "x.tar", files), 8)) == [0, 1, 2]


def test_a_sample_without_a_label_takes_the_others_labels_away_and_that_is_said(tmp_path, plain):
    files = samples(plain, range(4))
    del files["0002.cls"]
    with pytest.warns(UserWarning, match=r"1 of 4 images has no label \(0002\.png\), so that none is used"):
        data = folder(tar(tmp_path / "x.tar", files), 8)
    assert data.labels is None
    assert len(data) == 4


def test_a_label_that_changed_is_another_data_set(tmp_path, plain):
    path = tmp_path / "x.tar"
    one = origin_of(folder(tar(path, samples(plain, range(4))), 8)).manifest()
    data = folder(tar(path, samples(plain, range(4), lambda i: {"cls": b"%d" % (i // 2)})), 8)
    assert data.labels.tolist() == [0, 0, 1, 1]
    assert origin_of(data).manifest().digest != one.digest


def test_what_cannot_be_read_is_named(tmp_path, plain):
    files = samples(plain, range(3)) | {"0009.png": b"", "0009.cls": b"0", "0008.cls": b"1"}
    path = tar(tmp_path / "x.tar", files, **{"0008.png": tarfile.SYMTYPE})
    with pytest.warns(UserWarning, match=r"2 of 5 .* 0008\.png \(it is a link .*\), 0009\.png \(it is empty\)"):
        assert len(folder(path, 8)) == 3


@pytest.mark.parametrize("name", ["../x.png", "/x.png", "a/../../x.png"])
def test_a_path_that_leaves_the_tar_is_refused(tmp_path, name, plain):
    with pytest.raises(ValueError, match=r"x\.tar is refused: its entry .* lies outside the tar"):
        folder(tar(tmp_path / "x.tar", {"a.png": plain(1), name: plain(2)}))


def test_compressed_damaged_and_joined_tars_are_refused_in_one_line(tmp_path, plain):
    path = tar(tmp_path / "x.tar", samples(plain, range(3)))
    whole = path.read_bytes()
    (tmp_path / "x.tar.gz").write_bytes(gzip.compress(whole))
    with pytest.raises(ValueError, match=r"x\.tar\.gz is compressed and is not read: unpack it"):
        folder(tmp_path / "x.tar.gz")
    (tmp_path / "y.tar").write_bytes(gzip.compress(whole))
    with pytest.raises(ValueError, match=r"y\.tar is compressed: unpack it by gunzip"):
        folder(tmp_path / "y.tar")
    for content in (
        b"",
        b"no tar" * 200,
        whole[:1240],
        whole[:1024],
        whole[:600],
        whole + whole,
        whole[:2048] + b"x" * 1024,
    ):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"x\.tar (is no tar|is damaged|holds no images)") as refused:
            folder(path)
        assert "\n" not in str(refused.value)


def test_a_large_file_in_a_tar_is_not_read_unless_it_is_an_image(tmp_path, plain, at_most):
    path = tar(tmp_path / "x.tar", {"a.png": plain(3)})
    with open(path, "r+b") as file:
        file.seek(2 * 512)  # after the first file, which takes one block
        entry = tarfile.TarInfo("b.png")
        entry.size = 1 << 26
        file.write(entry.tobuf())
        file.truncate(file.tell() + entry.size + 1024)
    with at_most(16 << 20), pytest.warns(UserWarning, match=r"b\.png \(67,108,864 bytes that do not begin as an image"):
        assert levels(folder(path, 8)) == [3]


def test_a_tar_without_end_is_refused(tmp_path, plain, monkeypatch):
    monkeypatch.setattr(the_tars, "ENTRIES", 5)
    with pytest.raises(ValueError, match="holds more than 5 files"):
        folder(tar(tmp_path / "x.tar", samples(plain, range(3))))
