"""Manifests: what is recorded of a data set, and how two differ."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from saddlery.data import manifest as the_manifest
from saddlery.data.manifest import Manifest, compare_manifests, digest_of, parsed, written
from saddlery.errors import Damaged

DIGESTS = st.sampled_from([digest_of(b"a"), digest_of(b"b"), "-"])
FILES = st.dictionaries(st.text(st.characters(codec=None), max_size=5), DIGESTS, max_size=6)


@given(st.text(max_size=5), FILES)
def test_what_is_written_is_read_again_whatever_names_hold(name, files):
    manifest = Manifest(name, dict(sorted(files.items())))
    text = written(manifest)
    assert text.isascii()
    assert parsed(text) == manifest
    assert parsed(text).digest == manifest.digest


@given(FILES, FILES)
def test_manifests_differ_where_and_only_where_words_say_so(one, other):
    one, other = Manifest("one", one), Manifest("other", other)
    said = compare_manifests(one, other)
    assert (said == "") == (one.files == other.files) == (one.digest == other.digest)
    assert said.isprintable()


def test_the_words_name_a_few_of_each_kind():
    was = {f"{i}.png": digest_of(b"was") for i in range(9)}
    now = {f"{i}.png": digest_of(b"now" if i < 5 else b"was") for i in range(8)} | {"x.png": "-", "y.png": "-"}
    assert compare_manifests(Manifest("pics", was), Manifest("pics", now)) == (
        "5 pictures changed (0.png, 1.png, 2.png, …), 1 missing (8.png), 2 added (x.png, y.png)"
    )
    assert compare_manifests(Manifest("a", was), Manifest("b", was)) == ""
    assert compare_manifests(Manifest("a", {}), Manifest("b", {"a": "-"})) == "1 picture added (a)"


def test_the_order_of_files_is_no_difference():
    files = {"b": "-", "a": digest_of(b"")}
    assert Manifest("x", files).digest == Manifest("x", dict(reversed(files.items()))).digest


@pytest.mark.parametrize("text", ["", "{", "3", '"x"\nzz "a"', '"x"\n- a', '"x"\n- "a"\n- "a"', '"x"\n\n'])
def test_what_is_no_manifest_is_damaged(text):
    with pytest.raises(Damaged, match="list is damaged"):
        parsed(text, "list")


def test_manifests_need_no_jax():
    program = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("manifest", sys.argv[1])
spec.loader.exec_module(importlib.util.module_from_spec(spec))
sys.exit("jax" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", program, the_manifest.__file__]).returncode == 0
