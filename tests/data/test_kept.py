"""The cache of decoded images: when files are read, when decoded, and what is known of where they came from."""

import hashlib
import os

import jax
import numpy as np
from tests.data.packing import kept, packed

from saddlery.data import Images, folder, manifest_of, origin_of
from saddlery.data import decoded as the_decoding
from saddlery.data.sources import folders


def reads(monkeypatch):
    """The names of the files that are read from now on."""
    names, content = [], folders.content_of

    def noted(path):
        names.append(path.name)
        return content(path)

    monkeypatch.setattr(folders, "content_of", noted)
    return names


def test_a_second_start_reads_no_file_and_a_touched_one_is_read_but_not_decoded(pictures, monkeypatch, cache):
    before, names, decoded = folder(pictures, 4), reads(monkeypatch), []
    monkeypatch.setattr(the_decoding, "decode_or_measure", lambda *given, **named: decoded.append(given))
    np.testing.assert_array_equal(folder(pictures, 4).images, before.images)
    assert names == []
    os.utime(pictures / "a" / "0.png", ns=(1, 1))
    np.testing.assert_array_equal(folder(pictures, 4).images, before.images)
    assert len(names) == 9
    names.clear()
    folder(pictures, 4)
    assert names == []
    assert decoded == []
    assert len(kept(cache)) == 1


def test_the_same_pictures_elsewhere_share_what_was_decoded(pictures, cache, tmp_path, monkeypatch):
    before = folder(pictures, 4)
    pictures.rename(tmp_path / "moved")
    monkeypatch.setattr(the_decoding, "decode_or_measure", None)
    for place in (tmp_path / "moved", packed(tmp_path / "packed.zip", tmp_path / "moved")):
        data = folder(place, 4)
        np.testing.assert_array_equal(data.images, before.images)
        assert origin_of(data).manifest().name == place.name
    assert len(kept(cache)) == 1


def test_content_that_changed_under_the_same_size_and_date_is_noticed(pictures, plain):
    path = pictures / "a" / "0.png"
    path.write_bytes(plain(0).ljust(200))
    folder(pictures, 4)
    about = path.stat()
    path.write_bytes(plain(9).ljust(200))
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns))
    assert folder(pictures, 4).images[3, 0, 0, 0] == 9


def test_what_is_kept_tells_of_no_place(pictures, cache):
    origin = origin_of(folder(pictures, 4))
    manifest = origin.manifest()
    assert [*manifest.files] == sorted(f"{name}" for name in manifest.files)
    assert (
        manifest.files["a/0.png"]
        == hashlib.blake2b((pictures / "a" / "0.png").read_bytes(), digest_size=16).hexdigest()
    )
    assert manifest == manifest_of(pictures, 4)
    assert origin.settings == {"size": 4, "channels": 3, "crop": None}
    assert origin.classes == ("", "a", "b")
    for file in cache.rglob("*.*"):
        assert not file.is_file() or str(pictures.parent).encode() not in file.read_bytes()


def test_the_origin_is_found_in_games_shards_and_what_was_made_of_the_pictures(pictures):
    data = folder(pictures, 4)
    assert origin_of({"game": [jax.tree.map(lambda leaf: leaf, data)]}).path == pictures
    assert origin_of(folder(pictures, 4, memory=4 * 48)).path == pictures
    assert origin_of(data.resized(2)).path == pictures
    assert origin_of(Images(np.asarray(data.images))) is None


def test_a_data_set_compiles_no_more_than_its_shape(pictures, plain):
    draw = jax.jit(lambda data, key: data.draw(key, 2))
    draw(folder(pictures, 4), jax.random.key(0))
    (pictures / "a" / "0.png").write_bytes(plain(99, (3, 3, 3)))
    draw(folder(pictures, 4), jax.random.key(0))
    assert draw._cache_size() == 1
