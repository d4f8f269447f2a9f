"""Fingerprints: what a run's numbers depend on is compared wherever something written is opened."""

import json
import re
import shutil
import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from checks.games import Plain

import saddlery as sd
from saddlery.data import Images
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.opening import open_results
from saddlery.runs import fingerprint
from saddlery.runs.fingerprint import compare, digest

EXPERIMENT = Experiment("bilinear", ("simultaneous", "consensus(gamma=[1.0, 3.0])"), steps=6, seeds=2, every=3)


def images(seed):
    return Images(np.random.default_rng(seed).integers(0, 256, (8, 4, 4, 1)).astype(np.uint8))


def test_a_digest_depends_on_every_array_and_the_structure_and_on_nothing_else():
    assert digest(images(0)) == digest(images(0))
    assert digest(images(0)) != digest(images(1))
    assert digest({"a": jnp.ones(2)}) != digest({"b": jnp.ones(2)})
    assert digest({"a": jnp.ones(2)}) != digest({"a": jnp.ones(2, jnp.bfloat16)})
    assert digest({"a": jax.random.key(0)}) != digest({"a": jax.random.key(1)})
    assert digest(sd.games.ring("numerics")) != digest(sd.games.ring("numerics", std=0.02))
    held = [sd.losses.R1(1.0), sd.losses.R1(2.0)]
    assert digest(held[0]) != digest(held[1])


def test_a_game_that_is_no_pytree_counts_by_what_it_holds():
    class Own(Plain):
        def __init__(self, matrix):
            self.matrix = matrix

        def losses(self, discriminator, samples, batch):
            value = samples @ self.matrix @ discriminator
            return sd.Pair(value, -value)

    one, same, other = (sd.fixed(Own(matrix), ()) for matrix in (np.eye(2), np.eye(2), 2 * np.eye(2)))
    assert digest(one) == digest(same)
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"steps": 12}, "steps there: 6, here: 12"),
        ({"key": 1}, "key there: 0, here: 1"),
        ({"seeds": 4}, "seeds there: 2, here: 4"),
        ({"learning_rate": 0.5}, "learning_rate there: None, here: 0.5"),
        ({"methods": ["simultaneous", "consensus(gamma=[1.0, 4.0])"]}, "methods there: "),
    ],
)
def test_a_description_that_was_edited_is_refused_by_what_differs(tmp_path, change, said):
    run(EXPERIMENT, tmp_path)
    held = json.loads((tmp_path / "run.json").read_text())
    edited = held | {"experiment": held["experiment"] | change}
    (tmp_path / "run.json").write_text(json.dumps(edited))
    other = Experiment.read(tmp_path)
    with pytest.raises(FileExistsError, match=re.escape(said)):
        run(other, tmp_path, resume=True)
    with pytest.raises(ValueError, match=r"run\.json was changed since"):
        open_results(tmp_path)
    shutil.rmtree(tmp_path / "results.zarr")  # what is left are checkpoints, and the fingerprint in the description
    with pytest.raises(ValueError, match="is of another run"):
        run(other, tmp_path, resume=True)
    (tmp_path / "run.json").write_text(json.dumps(edited | {"fingerprint": None}))
    if not change.keys() & {"steps", "seeds", "methods"}:  # the same runs, longer or more, or others elsewhere
        with pytest.raises(ValueError, match=r"the checkpoint .* is of another run"):
            run(other, tmp_path, resume=True)


def test_words_about_an_experiment_may_be_edited(tmp_path):
    run(EXPERIMENT, tmp_path)
    held = json.loads((tmp_path / "run.json").read_text())
    (tmp_path / "run.json").write_text(
        json.dumps(held | {"experiment": held["experiment"] | {"title": "another", "note": "words"}})
    )
    assert run(Experiment.read(tmp_path), tmp_path, resume=True).sizes["setting"] == 3


def test_other_pictures_in_the_same_place_are_refused(tmp_path):
    from PIL import Image

    def draw(seed):
        for i in range(4):
            pixels = np.random.default_rng((seed, i)).integers(0, 256, (8, 8, 3)).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / f"{i}.png")

    (tmp_path / "pictures").mkdir()
    draw(0)
    game = f"images(data={str(tmp_path / 'pictures')!r}, size=8, network='mlp(width=2)', batch=2, noise=2)"
    experiment = Experiment(game, ("simultaneous",), steps=1, seeds=1, samples=4, shown=1)
    run(experiment, tmp_path / "run")
    draw(1)
    with pytest.raises(ValueError, match=r"was computed on other data: .*, 4 pictures changed \(0.png"):
        run(experiment, tmp_path / "run", resume=True)


def test_a_sweep_of_one_s_own_objects_compares_them(tmp_path):
    own = sd.methods.simultaneous(learning_rate=0.1)
    settings = {"steps": 3, "seeds": 1, "out": tmp_path / "a"}
    sd.sweep(sd.games.bilinear(), {"mine": own}, **settings)
    sd.sweep(sd.games.bilinear(), {"mine": own}, resume=True, **settings)
    for game, method in (
        (sd.games.bilinear(2.0), own),
        (sd.games.bilinear(), sd.methods.simultaneous(learning_rate=0.2)),
    ):
        with pytest.raises(ValueError, match="on other data, or another game"):
            sd.sweep(game, {"mine": method}, resume=True, **settings)


def train(out, **settings):
    game, method = sd.games.bilinear(), sd.methods.simultaneous(learning_rate=0.1)
    return sd.train(game, method, steps=4, key=jax.random.key(0), out=out, **settings)


def test_a_run_in_double_precision_does_not_go_on_in_single(tmp_path):
    with jax.enable_x64(True):
        run = train(tmp_path / "a", seeds=3)
        assert {players.generator.dtype for players in run.players} == {jnp.dtype("float64")}  # on all threads
    with pytest.raises(ValueError, match="was computed in float64, JAX is now set to float32"):
        train(tmp_path / "a", seeds=3, resume=True)


def test_checkpoints_without_their_description_are_not_gone_on_with(tmp_path):
    train(tmp_path / "a")
    (tmp_path / "a" / "run.json").unlink()
    with pytest.raises(ValueError, match=r"holds no run\.json"):
        train(tmp_path / "a", resume=True)


def test_other_versions_or_threads_are_said_and_gone_on_with(tmp_path, monkeypatch):
    whole = train(tmp_path / "a")
    monkeypatch.setattr(fingerprint, "usable_cores", lambda: 96)
    monkeypatch.setenv("PJRT_NPROC", "0")
    with pytest.warns(UserWarning, match=r"begun with threads \d+, now 96: its numbers go on, but perhaps not to "):
        again = train(tmp_path / "a", resume=True)
    assert again.history.drop_vars("steps_per_second").identical(whole.history.drop_vars("steps_per_second"))


def test_the_same_is_neither_refused_nor_told_of():
    held = fingerprint.fingerprint({"a": 1}, {"game": sd.games.bilinear()})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare("it", json.loads(json.dumps(held)), held)
