"""The pictures of runs: gone on with where they are found, and with no others."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

import saddlery as sd
from saddlery.experiments.opening import open_results

GAME = "images(size=4, network='mlp(width=2)', batch=4, noise=2)"
RUN = ("run", GAME, "-m", "simultaneous", "--steps", "2", "--every", "1", "--seeds", "1", "-q")
ON_PICS = f"{GAME[:-1]}, data='pics')"
SHORT = {"steps": 2, "every": 1, "seeds": 1, "samples": 8}


def draw(folder, number=8, key=0):
    for i in range(number):
        place = folder / "ab"[i % 2] / f"{i}.png"
        place.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng((key, i)).integers(0, 256, (6, 6, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(place)


def pack(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for each in sorted(folder.rglob("*.png")):
            archive.write(each, each.relative_to(folder))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A project with pictures and runs on them, by a relative path: of `saddlery run` and of `saddlery.train`."""
    project, here = tmp_path_factory.mktemp("pictures") / "project", Path.cwd()
    draw(project / "pics")
    os.chdir(project)
    try:
        sd.sweep(ON_PICS, "simultaneous", out="runs/swept", **SHORT)
        game = sd.games.images("pics", size=4, network="mlp(width=2)", batch=4, noise=2)
        sd.train(game, sd.methods.simultaneous(), steps=2, every=1, key=0, out="runs/trained")
    finally:
        os.chdir(here)
    return project


@pytest.fixture
def project(made, tmp_path, monkeypatch):
    """A copy of it, of which the original is gone; this process is in another folder with other pictures."""
    monkeypatch.setenv("SADDLERY_CACHE", str(tmp_path / "cache"))
    shutil.copytree(made, tmp_path / "project")
    for name in ("swept", "trained"):
        path = tmp_path / "project/runs" / name / "run.json"
        held = json.loads(path.read_text())
        assert held["data"][0]["absolute"] == str(made / "pics")
        assert held["data"][0]["relative"] == "../../pics"
        held["data"][0]["absolute"] = "/nowhere/pics"
        edit(path, held)
    return tmp_path / "project"


def edit(path, held):
    """Write a description as Saddlery would."""
    from saddlery.records import storage

    storage.write(path, json.dumps(held, indent=1, ensure_ascii=False) + "\n")


@pytest.fixture
def go_on(saddlery, tmp_path):
    """`go_on(folder, …)`: the exit code, and what `saddlery resume` says, to one more step than the run has."""

    def go_on(folder, *options):
        steps = json.loads((folder / "run.json").read_text())
        steps = (steps.get("experiment") or steps["training"])["steps"]
        code, _, errors = saddlery("resume", str(folder), "--steps", str(steps + 1), "-q", "--no-report", *options)
        assert errors.count("\n") == (code != 0)
        return code, errors

    return go_on


@pytest.mark.parametrize("name", ["swept", "trained"])
def test_a_moved_project_goes_on_with_its_own_pictures_not_with_those_of_the_same_name_here(project, name, go_on):
    draw(project.parent / "pics", key=1)  # which a relative path would mean here
    assert go_on(project / "runs" / name) == (0, "")
    assert open_results(project / "runs" / name).attrs["steps"] == 3


def test_pictures_are_found_beside_a_moved_folder_and_where_the_user_says(project, go_on, tmp_path):
    shutil.move(project / "runs/swept", tmp_path / "alone")
    shutil.move(project / "pics", tmp_path / "elsewhere")
    code, errors = go_on(tmp_path / "alone")
    assert code == 2
    assert "its pictures, pics, are neither where they were nor beside it; say where they are: --data PATH" in errors
    assert go_on(tmp_path / "alone", "--data", "elsewhere")[0] == 0
    shutil.move(tmp_path / "elsewhere", tmp_path / "pics")
    assert go_on(tmp_path / "alone")[0] == 0


@pytest.mark.parametrize("name", ["pics.npy", "pics.npz"])
def test_a_file_of_arrays_is_found_beside_a_moved_folder_and_no_other_is_taken(name, saddlery, tmp_path, monkeypatch):
    def write(place, key):
        images = np.random.default_rng(key).integers(0, 256, (12, 4, 6, 3), np.uint8)
        place.parent.mkdir(exist_ok=True)
        np.save(place, images) if place.suffix == ".npy" else np.savez(place, images=images)

    write(tmp_path / "one" / name, 0)
    monkeypatch.chdir(tmp_path / "one")
    game = f"images(size=6, network='mlp(width=2)', batch=4, noise=2, data={name!r})"
    assert saddlery("run", game, *RUN[2:], "--out", "run", "--no-report")[0] == 0
    assert "/one" not in json.dumps(dict(open_results("run").attrs))
    shutil.move(tmp_path / "one", tmp_path / "two")
    write(tmp_path / "here" / name, 1)  # which a relative path would mean there
    monkeypatch.chdir(tmp_path / "here")
    assert saddlery("resume", "../two/run", "--steps", "3", "-q")[0] == 0
    write(tmp_path / "two" / name, 1)
    code, _, errors = saddlery("resume", "../two/run", "--steps", "4", "-q")
    assert code == 2
    assert "holds other arrays; put them back, or say where they are: --data PATH" in errors
    (tmp_path / "two" / name).unlink()
    assert saddlery("sample", "../two/run", "-n", "2")[0] == 0


def test_a_zip_of_the_same_pictures_serves_as_their_folder(project, go_on, tmp_path):
    pack(project / "pics", tmp_path / "pics.zip")
    shutil.rmtree(project / "pics")
    assert go_on(project / "runs/swept", "--data", "pics.zip")[0] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda pics: draw(pics, 1, key=1), "1 picture changed (a/0.png)"),
        (lambda pics: (pics / "b/1.png").unlink(), "1 picture missing (b/1.png)"),
        (lambda pics: draw(pics, 9), "1 picture added (a/8.png)"),
        (
            lambda pics: draw(pics, 10, key=1),
            "8 pictures changed (a/0.png, a/2.png, a/4.png, …), 2 added (a/8.png, b/9",
        ),
    ],
)
def test_changed_missing_and_added_pictures_are_refused_by_name_and_count(project, change, said, go_on, saddlery):
    change(project / "pics")
    code, errors = go_on(project / "runs/swept")
    assert code == 2
    assert f"was computed on other data: of the pictures in {project / 'pics'}, {said}" in errors
    for command in ("evaluate", "diagnose"):
        code, _, errors = saddlery(command, str(project / "runs/swept"), "-q")
        assert (code, errors.count("\n")) == (2, 1)
        assert said in errors


def test_other_pictures_given_in_python_are_refused_by_name_too(project, monkeypatch):
    monkeypatch.chdir(project)
    draw(project / "pics", 1, key=1)
    game = sd.games.images("pics", size=4, network="mlp(width=2)", batch=4, noise=2)
    with pytest.raises(ValueError, match=r"1 picture changed \(a/0.png\)"):
        sd.train(game, sd.methods.simultaneous(), steps=3, every=1, key=0, out="runs/trained", resume=True)
    with pytest.raises(ValueError, match=r"1 picture changed \(a/0.png\)"):
        sd.sweep(ON_PICS, "simultaneous", out="runs/swept", resume=True, **SHORT)


@pytest.mark.parametrize("name", ["swept", "trained"])
def test_samples_generators_and_tables_need_no_pictures(project, name, saddlery, tmp_path):
    folder = project / "runs" / name
    results, key = sd.load(folder), jax.random.key(0)
    kept = results.game().sample(results.players().generator, key, 3)
    exported = sd.load_generator(results.export_generator())(key, 3)
    shutil.rmtree(project / "pics")
    shutil.rmtree(tmp_path / "cache")
    code, _, errors = saddlery("sample", str(folder), "-n", "3", "--out", "bare.npy")
    assert (code, errors) == (0, "")
    np.testing.assert_array_equal(np.load(tmp_path / "bare.npy"), kept)
    again = sd.load_generator(sd.load(folder).export_generator(force=True))
    np.testing.assert_array_equal(again(key, 3), exported)
    assert saddlery("export", str(folder), "--out", "table.csv")[0] == 0
    assert not (tmp_path / "cache").exists()  # nothing was read


def test_data_may_be_given_to_load(project, tmp_path):
    shutil.move(project / "pics", tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError, match="its pictures, pics, are neither where they were"):
        sd.load(project / "runs/trained").run()
    assert sd.load(project / "runs/trained", data=str(tmp_path / "elsewhere")).run().history.sizes["step"] == 3


def test_data_for_runs_without_pictures_is_refused(saddlery):
    assert saddlery("run", "bilinear", "--steps", "1", "--seeds", "1", "-q", "--no-report", "--out", "a")[0] == 0
    code, _, errors = saddlery("resume", "a", "--steps", "2", "--data", "pics")
    assert (code, errors) == (2, "error: data: got 'pics'; a holds no runs on pictures of files\n")


def test_absolute_paths_are_in_no_page_table_or_attribute(saddlery, tmp_path):
    draw(tmp_path / "pics")
    out = tmp_path / "mine"
    assert saddlery(*RUN, "--data", str(tmp_path / "pics"), "--out", str(out))[0] == 0
    assert saddlery("export", str(out))[0] == 0
    results = open_results(out)
    assert "images(" in results.attrs["game"]
    shown = [
        (out / "report.html").read_text(), (out / "results.csv").read_text(), str(results.attrs),
        str([values.values.tolist() for values in results.variables.values() if values.dtype.kind in "UOT"]),
        (out / "results.zarr/saddlery/manifest.json").read_text(),
    ]  # fmt: skip
    assert not [each for each in shown if str(tmp_path) in each]
    assert "data='pics'" in results.attrs["game"]
    assert str(tmp_path / "pics") in (out / "run.json").read_text()


def test_force_replaces_a_run_with_its_manifests(project, monkeypatch):
    monkeypatch.chdir(project)
    before = [each.name for each in Path("runs/swept/manifests").iterdir()]
    draw(project / "pics", key=2)
    sd.sweep(ON_PICS, "simultaneous", out="runs/swept", force=True, **SHORT)
    after = [each.name for each in Path("runs/swept/manifests").iterdir()]
    assert len(before) == len(after) == 1
    assert before != after
