"""Damage to a finished sweep: named by every command that reads it, and one damaged cell computed again, no other."""

import _thread
import shutil
from pathlib import Path

import jax
import numpy as np
import pytest

import saddlery as sd
from saddlery.experiments.opening import open_results

pytestmark = pytest.mark.long

SWEEP = (
    "run", "bilinear", "-m", "simultaneous", "-m", "consensus(gamma=[1.0, 2.0])", "--steps", "20", "--seeds", "2",
    "--quiet", "--out",
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    from saddlery.cli import main

    folder = tmp_path_factory.mktemp("whole") / "mine"
    assert main([*SWEEP, str(folder)]) == 0
    return folder


@pytest.fixture
def mine(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "mine")
    return tmp_path / "mine"


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x20
    path.write_bytes(content)


def markers(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("results.zarr/saddlery/cells/*.json")}


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("how", ["flipped", "gone"])
def test_one_damaged_cell_is_named_and_computed_again_alone(saddlery, whole, mine, how, assert_same):
    chunk = Path("results.zarr/generator_norm/c/1/0/0")
    flip(mine / chunk) if how == "flipped" else (mine / chunk).unlink()
    what = f"generator_norm/c/1/0/0 {'changed' if how == 'flipped' else 'is missing'} since it was written"
    for command in (("report", "mine"), ("export", "mine")):
        code, printed, errors = saddlery(*command)
        assert (code, printed) == (2, "")
        assert what in errors
        assert "what is damaged is computed again by: saddlery resume mine" in errors
    before = markers(mine)
    code, _, errors = saddlery("resume", "mine", "--quiet", "--no-report")
    assert code == 0
    assert f"{what}; consensus(gamma=1.0) is computed again" in errors
    after = markers(mine)
    assert {name for name in before if before[name] != after[name]} == {"1.json"}
    assert_same(open_results(mine), open_results(whole))
    assert saddlery("resume", "mine", "--quiet", "--no-report")[::2] == (0, "")


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize(
    "name",
    ["seed/c/0", "gamma/c/0", "setting/c/0", "step/c/0", "modes/zarr.json", "zarr.json", "saddlery/manifest.json"],
)
def test_damaged_coordinates_and_metadata_are_named_and_written_anew(saddlery, whole, mine, name, assert_same):
    name = name.replace("modes", "generator_norm")
    flip(mine / "results.zarr" / name)
    code, _, errors = saddlery("report", "mine")
    assert code == 2
    assert name in errors
    before = markers(mine)
    code, _, errors = saddlery("resume", "mine", "--quiet", "--no-report")
    assert (code, errors.count("written anew")) == (0, 1)
    assert markers(mine) == before  # no cell is computed again
    assert_same(open_results(mine), open_results(whole))


@pytest.mark.filterwarnings("default")
def test_damaged_descriptions_lists_and_evaluations_are_named(saddlery, mine):
    for content in ("", "{", "[]", "\0" * 100, "{}" * 1000):
        (mine / "run.json").write_text(content)
        for command in ("resume", "report", "export", "sample", "evaluate", "diagnose"):
            code, _, errors = saddlery(command, "mine")
            assert code == 2
            assert "run.json" in errors
            assert errors.count("\n") == 1


def test_runs_of_training_that_were_stopped_go_on(saddlery, tmp_path):
    """Stopped in their middle, in a folder beside an experiment's: both are gone on with by one command."""
    parts = {"game": sd.games.bilinear(), "method": sd.methods.consensus(gamma=0.5), "key": 3, "seeds": 2, "every": 5}
    whole = sd.train(**parts, steps=20, out=tmp_path / "whole")

    def interrupt(progress):
        if progress.step == 10 and progress.seed == 1:
            _thread.interrupt_main()

    with pytest.raises(KeyboardInterrupt):
        sd.train(**parts, steps=20, out=tmp_path / "both" / "trained", on_progress=interrupt, checkpoint_seconds=0.0)
    assert saddlery(*SWEEP, str(tmp_path / "both" / "swept"))[0] == 0
    code, _, errors = saddlery("resume", str(tmp_path / "both"), "--quiet", "--no-report")
    assert (code, errors) == (0, "")
    found = sd.load(tmp_path / "both" / "trained").run()
    jax.tree.map(np.testing.assert_array_equal, found.players, whole.players)
    assert found.history.drop_vars("steps_per_second").equals(whole.history.drop_vars("steps_per_second"))


def test_runs_of_training_with_probes_of_one_s_own_are_not_gone_on_with(saddlery, tmp_path):
    probes = {"mine": lambda game, players, key: np.zeros(2)}
    parts = {"game": sd.games.bilinear(), "method": sd.methods.simultaneous(), "key": 0, "steps": 4}
    sd.train(**parts, probes=probes, out=tmp_path / "own")
    code, printed, _ = saddlery("resume", "own", "--no-report")
    assert code == 0
    assert "own is finished, with 4 steps; extend it to more steps by the same saddlery.train(…, steps=8" in printed
    code, _, errors = saddlery("resume", "own", "--steps", "8")
    assert code == 2
    assert "these runs were given probes, which no folder holds; go on by the same saddlery.train" in errors
