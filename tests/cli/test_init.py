"""The command line itself: it starts with nothing heavy loaded, and says what it is."""

import subprocess
import sys

import pytest
from checks.commands import command

import saddlery as sd
from saddlery.cli import main

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
    assert not [line for line in said.splitlines()[1:] if line.endswith("...")]  # none breaks off


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, capsys):
    assert main([command, "--help"]) == 0
    assert f"saddlery {command}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["data"]])
def test_without_a_command_the_help_is_shown_as_it_is_and_that_is_a_mistake_in_usage(arguments, capsys):
    assert main(arguments) == 2
    printed, errors = capsys.readouterr()
    main([*arguments, "--help"])
    assert (printed, errors) == ("", capsys.readouterr().out)
    assert errors.count("\n") > 5


def test_version(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"saddlery {sd.__version__}\n"


WORDS = [words for words in map(command, range(200)) if words[0] != "run"]  # all of which are refused


@pytest.mark.parametrize("words", WORDS, ids=range(len(WORDS)))
def test_random_words_end_with_a_code_and_a_line(saddlery, words):
    code, printed, errors = saddlery(*words)
    assert (code, printed) in ((1, ""), (2, ""))
    assert "Traceback" not in errors
    assert "a fault in Saddlery" not in errors
    assert all(line.isprintable() and len(line) < 2000 for line in errors.splitlines())
    assert errors.splitlines()[-1].startswith("error: ")


def test_it_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "saddlery", "list", "gamse"], capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: unknown list 'gamse'; did you mean 'games'?")
