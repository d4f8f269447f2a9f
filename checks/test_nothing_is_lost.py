"""Whatever is asked of any command that writes: no file that Saddlery did not write is changed or gone afterwards."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.house import COMMANDS, PLACES, RUN, build, everything, lost
from saddlery.cli import main


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """An experiment of Saddlery's, with its report, copied for each example."""
    folder = tmp_path_factory.mktemp("made") / "mine"
    assert main(["run", "bilinear", "--steps", "2", "--seeds", "1", "--quiet", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def house(tmp_path_factory, made):
    """`house()`: a new home folder, and what in it is the user's."""

    def house():
        home = tmp_path_factory.mktemp("home")
        return home, build(home, made)

    return house


def check(house, command, arguments, monkeypatch):
    code, wrong = lost(*house(), command, arguments, monkeypatch)
    assert code in (0, 1, 2)
    assert wrong == set(), (command, arguments, code)
    return code


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("command", [name for name in COMMANDS if name not in ("demo", "study")])
@settings(max_examples=6, deadline=None)
@given(out=st.sampled_from(PLACES), other=st.sampled_from(PLACES), force=st.sampled_from([[], ["--force"]]))
def test_nothing_of_the_user_s_is_lost(house, command, out, other, force):
    with pytest.MonkeyPatch.context() as patched:
        check(house, command, (out, other, force), patched)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("command", ["demo", "study"])
@pytest.mark.parametrize("out", ["file", "foreign", "link", "dangling"])
def test_nor_by_commands_that_train_for_minutes(house, command, out, monkeypatch):
    """Places where they must not even begin."""
    assert check(house, command, (out, "", ["--force"] if command == "demo" else []), monkeypatch) in (1, 2)


def test_a_folder_received_from_somebody_cannot_name_another_to_be_filled(house, monkeypatch, capsys):
    """Neither by the store that its description names nor by a link in the place of its own."""
    home, theirs = house()
    monkeypatch.chdir(home)
    described = Path("mine", "run.json")
    text = described.read_text()
    assert '"store": null' in text
    for address in (str(home / "foreign"), str(home / "empty"), f"file://{home}/foreign"):
        described.write_text(text.replace('"store": null', f'"store": "{address}"'))
        for command in (["resume", "mine", "--quiet"], ["report", "mine"], ["export", "mine"]):
            assert main(command) == 2
            assert "keeps its results outside itself" in capsys.readouterr().err
    described.write_text(text)
    shutil.move("mine/results.zarr", "moved")
    Path("mine/results.zarr").symlink_to(home / "moved")
    assert main(["resume", "mine", "--quiet"]) == 2
    assert not list((home / "empty").iterdir())
    now = everything(home)
    assert {path: now.get(path) for path in theirs} == theirs


def test_force_while_another_process_fills_the_folder_touches_nothing(house, monkeypatch, capsys):
    from saddlery.records.claims import hold

    home, _ = house()
    monkeypatch.chdir(home)
    with hold(home / "mine"):
        before = everything(home / "mine")
        assert main(["run", "bilinear", *RUN, "--force", "--out", "mine"]) == 1
        assert f"is being filled by process {os.getpid()}" in capsys.readouterr().err
        assert everything(home / "mine") == before
