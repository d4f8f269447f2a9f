"""Where compiled programs are kept."""

import subprocess
import sys

from saddlery.cli import cache


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.delenv("SADDLERY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "saddlery"
    monkeypatch.setenv("SADDLERY_CACHE", str(tmp_path / "mine"))
    assert cache.folder() == tmp_path / "mine"


def test_compiled_programs_are_kept_and_a_cache_that_cannot_be_made_is_done_without(tmp_path):
    (tmp_path / "file").write_text("")
    program = "import saddlery.cli.cache as c; c.enable(); import jax; print(jax.jit(lambda x: x + 1)(1))"
    for folder in (tmp_path / "cache", tmp_path / "file" / "below"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env={"SADDLERY_CACHE": str(folder), "JAX_PLATFORMS": "cpu"},
            capture_output=True,
            text=True,
            check=True,
        )
        assert (done.stdout, done.stderr) == ("2\n", "")
    assert list((tmp_path / "cache").iterdir())
