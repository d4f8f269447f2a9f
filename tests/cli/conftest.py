"""What the tests of commands share: a folder of their own, and commands run in this process."""

import os

import pytest

from saddlery.cli import main


@pytest.fixture
def saddlery(tmp_path, monkeypatch, capsys):
    """Run a command in an empty folder: its exit code, what it printed, and what it said on stderr."""
    monkeypatch.chdir(tmp_path)
    kept = os.environ.get("JAX_COMPILATION_CACHE_DIR", "")
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", kept)  # commands then leave this process's cache as it is

    def command(*arguments):
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return command
