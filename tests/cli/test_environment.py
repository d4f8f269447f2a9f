"""An environment that cannot work."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("JAX_PLATFORMS", "no_such_platform", "JAX_PLATFORMS: got 'no_such_platform', and no such device can be used"),
        ("MPLBACKEND", "foo", "MPLBACKEND: got 'foo'; unset it"),
        ("XDG_CACHE_HOME", "~nobody-of-this-name/x", "XDG_CACHE_HOME: got '~nobody-of-this-name/x', whose home folder"),
    ],
)
def test_an_environment_that_cannot_work_is_named_before_anything_is_trained(tmp_path, name, value, said):
    environment = {k: v for k, v in os.environ.items() if k not in ("JAX_COMPILATION_CACHE_DIR", "SADDLERY_CACHE")}
    command = [sys.executable, "-m", "saddlery", "run", "bilinear", "--steps", "2", "--seeds", "1", "--out", "mine"]
    done = subprocess.run(command, cwd=tmp_path, env=environment | {name: value}, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {said}")
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
