"""Files and folders that appear whole or not at all, and replace nothing but Saddlery's own."""

import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saddlery.errors import Damaged
from saddlery.records import storage
from saddlery.records.storage import BEGUN, MARK, SEAL


@pytest.fixture
def own(tmp_path):
    """A folder of Saddlery's."""
    storage.mark(tmp_path / "own")
    return tmp_path / "own"


def fill(path, content="1"):
    with storage.folder(path) as beside:
        (beside / "below").mkdir()
        (beside / "below" / "a").write_text(content)


def everything(folder):
    return {
        path.relative_to(folder).as_posix(): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


def test_a_file_of_saddlery_s_is_replaced_and_nobody_else_s(own):
    storage.write(own / "a", "1")
    storage.write(own / "a", b"2")
    assert (own / "a").read_text() == "2"
    for theirs in ("changed since", "written by somebody"):
        (own / "a").write_text(theirs)
        with pytest.raises(FileExistsError, match="was not written by Saddlery, or was changed since"):
            storage.write(own / "a", "3")
        assert (own / "a").read_text() == theirs


def test_outside_its_folders_it_replaces_nothing_and_leaves_no_list(tmp_path):
    storage.write(tmp_path / "a", "1")
    with pytest.raises(FileExistsError):
        storage.write(tmp_path / "a", "2")
    assert everything(tmp_path) == {"a": b"1"}


def test_a_link_is_somebody_s_even_to_a_file_of_saddlery_s(own):
    storage.write(own / "a", "1")
    (own / "b").symlink_to(own / "a")
    (own / "c").symlink_to(own / "nowhere")
    for name in "bc":
        with pytest.raises(FileExistsError):
            storage.write(own / name, "2")
    assert (own / "a").read_text() == "1"
    assert not (own / "nowhere").exists()


def test_the_list_is_what_sha256sum_checks(own):
    (own / "figures").mkdir()
    storage.write(own / "figures" / "a b.svg", "<svg/>")
    assert (own / MARK).read_text() == f"{hashlib.sha256(b'<svg/>').hexdigest()}  figures/a b.svg\n"
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", MARK], cwd=own, check=True)


def test_threads_may_write_into_one_folder_at_once(own):
    names = [f"{i}.txt" for i in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda name: storage.write(own / name, name), names))
    assert all(storage.is_own(own / name) for name in names)
    assert len((own / MARK).read_text().splitlines()) >= len(names)


def test_a_folder_is_replaced_when_all_that_is_in_it_is_listed_in_its_seal(tmp_path):
    fill(tmp_path / "a", "1")
    fill(tmp_path / "a", "2")
    storage.verify(tmp_path / "a")
    assert everything(tmp_path) == {"a/below/a": b"2", f"a/{SEAL}": (tmp_path / "a" / SEAL).read_bytes()}
    (tmp_path / "a" / "below" / "notes").write_text("mine")
    before = everything(tmp_path)
    with pytest.raises(FileExistsError, match="below/notes"):
        fill(tmp_path / "a", "3")
    with pytest.raises(FileExistsError, match="below/notes"):
        storage.remove(tmp_path / "a")
    assert everything(tmp_path) == before


def test_a_folder_without_a_seal_a_file_and_a_link_are_never_replaced(tmp_path):
    fill(tmp_path / "sealed")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "notes").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "sealed")
    before = everything(tmp_path)
    for name in ("theirs", "file", "link"):
        with pytest.raises(FileExistsError):
            fill(tmp_path / name)
        with pytest.raises(FileExistsError):
            storage.remove(tmp_path / name)
    assert everything(tmp_path) == before


def test_nothing_is_left_when_the_block_raises(tmp_path):
    def broken():
        with storage.folder(tmp_path / "a") as beside:
            (beside / "x").write_text("1")
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        broken()
    assert not list(tmp_path.iterdir())
    fill(tmp_path / "a")
    before = everything(tmp_path)
    with pytest.raises(RuntimeError, match="in the middle"):
        broken()
    assert everything(tmp_path) == before


@pytest.mark.parametrize("how", ["changed", "is missing", "was added"])
def test_a_damaged_folder_is_named(tmp_path, how):
    fill(tmp_path / "a")
    file = tmp_path / "a" / "below" / ("b" if how == "was added" else "a")
    file.unlink() if how == "is missing" else file.write_text("2")
    with pytest.raises(Damaged, match=f"below/{file.name} {how} since it was written"):
        storage.verify(tmp_path / "a")
    (tmp_path / "a" / SEAL).write_text("{")
    with pytest.raises(Damaged, match=f"{SEAL} is damaged"):
        storage.verify(tmp_path / "a")
    (tmp_path / "a" / SEAL).unlink()
    with pytest.raises(Damaged, match=f"has no {SEAL}"):
        storage.verify(tmp_path / "a")


def test_what_writers_left_that_were_ended_is_tidied_away_and_nothing_else(own):
    left = own / ".a.0123abcd.part"
    (left / "new").mkdir(parents=True)
    (left / BEGUN).touch()
    (left / "new" / "half").write_text("1")
    for theirs in (".b.0123abcd.part", ".c.part", "d"):
        (own / theirs).mkdir()
        (own / theirs / "notes").write_text("mine")
    (own / ".e.0123abcd.part").symlink_to(own / "d")
    storage.tidy(own)
    assert set(everything(own)) == {MARK, ".b.0123abcd.part/notes", ".c.part/notes", ".e.0123abcd.part", "d/notes"}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["a/x", "a/c/0", "zarr.json", "a/zarr.json", "saddlery/manifest.json", "b", f"s/{SEAL}"]),
        st.binary(max_size=30),
    )
)
def test_an_inventory_of_what_somebody_made_up_claims_nothing(tmp_path_factory, files):
    """Manifests and seals with any content, and no mark above them, prove nothing of what lies beside them."""
    folder = tmp_path_factory.mktemp("theirs")
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    found = storage.inventory(folder)
    assert sorted(path.relative_to(folder).as_posix() for path in found.foreign) == sorted(files)
    assert found.own == []


@pytest.mark.parametrize("name", ["SADDLERY_CACHE", "XDG_CACHE_HOME"])
def test_a_cache_in_the_home_of_nobody_is_named(monkeypatch, name):
    monkeypatch.delenv("SADDLERY_CACHE", raising=False)
    monkeypatch.setenv(name, "~nobody-of-this-name/x")
    with pytest.raises(ValueError, match=f"^{name}: got '~nobody-of-this-name/x'"):
        storage.cache_folder()
