"""The command line itself: it starts with nothing heavy loaded, and says what it is."""

import subprocess
import sys

import pytest

import saddlery
from saddlery.cli import cache, main

HEAVY = ("jax", "numpy", "xarray", "matplotlib", "equinox", "optax", "sklearn", "scipy", "zarr", "orbax", "pandas")
COMMANDS = ("run", "resume", "report", "diagnose", "study", "list", "data", "doctor", "demo")


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["rum"]])
def test_nothing_heavy_is_loaded_before_a_command_runs(arguments):
    program = f"""
import sys
from saddlery.cli import main
main({arguments!r})
print("loaded:", *sorted(set({HEAVY!r}) & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "loaded:"


def test_help_names_every_command_the_cache_and_the_exit_codes(capsys):
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    for word in (*COMMANDS, "SADDLERY_CACHE", "Exit codes"):
        assert word in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"saddlery {command}" in capsys.readouterr().out


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"saddlery {saddlery.__version__}\n"


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "saddlery", "list", "gamse"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: unknown list 'gamse'; did you mean 'games'?")


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
