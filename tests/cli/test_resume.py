"""Damage to a finished sweep: named by every command that reads it, and one damaged cell computed again, no other."""

import shutil
from pathlib import Path

import pytest

from saddlery.experiments.opening import open_results

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
