"""Experiments: written down, checked before anything runs, and put together."""

import dataclasses
import json

import numpy as np
import pytest

from saddlery.experiments.built import prepare
from saddlery.experiments.claimed import claimed
from saddlery.experiments.execution import run
from saddlery.experiments.experiment import Experiment, experiments_in
from saddlery.experiments.opening import open_results
from saddlery.records import description
from saddlery.records.claims import RESULTS

SMALL = Experiment("bilinear", ("simultaneous", "extragradient"), steps=20, seeds=2, every=5, title="Two")


def test_what_is_written_is_what_is_read(tmp_path):
    one = dataclasses.replace(SMALL, learning_rate=1e-3, average=0.99, note="α ≤ β", key=7)
    description.write(tmp_path, one.description)
    assert Experiment.read(tmp_path) == one


def test_texts_are_normal_so_that_the_same_method_is_found_twice():
    assert Experiment("ring", ("unrolled( steps = 10 )",)).methods == ("unrolled(steps=10)",)
    with pytest.raises(ValueError, match=r"unrolled\(steps=10\) is given more than once"):
        Experiment("ring", ("unrolled(steps=10)", "unrolled(steps = 10)"))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"steps": 0}, "steps: got 0"),
        ({"steps": 2**31}, "steps: got 2147483648"),
        ({"steps": 1.5}, "steps: got 1.5"),
        ({"seeds": True}, "seeds: got True"),
        ({"every": 0}, "every: got 0"),
        ({"key": -1}, "key: got -1"),
        ({"learning_rate": float("nan")}, "learning_rate: got nan"),
        ({"learning_rate": 0.0}, "learning_rate: got 0.0"),
        ({"average": 1.0}, "average: got 1.0"),
        ({"methods": ()}, "methods: got none"),
        ({"game": "ring("}, "cannot be read"),
    ],
)
def test_numbers_out_of_range_are_named(wrong, said):
    with pytest.raises(ValueError, match=said):
        dataclasses.replace(SMALL, **wrong)


def test_an_experiment_of_another_version_is_refused(tmp_path):
    description.write(tmp_path, SMALL.description)
    path = tmp_path / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    with pytest.raises(ValueError, match="format 99, this version of Saddlery reads format 6"):
        Experiment.read(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "3", '{"format": 6}', '{"format": 6, "experiment": {"game": "ring"}}']
)
def test_a_damaged_description_is_named(tmp_path, content):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(ValueError, match=r"run\.json is damaged"):
        Experiment.read(tmp_path)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"game": "rong"}, "unknown game 'rong'; did you mean 'ring'"),
        ({"methods": ("consensos",)}, "unknown method 'consensos'; did you mean 'consensus'"),
        ({"generator_optimiser": "adm"}, "unknown optimiser 'adm'; did you mean 'adam'"),
        ({"generator_optimiser": "adam(learning_rate=1e-3, b1='x')"}, "b1: got 'x', expected a number"),
        ({"generator_optimiser": "adam(learning_rate=1e-3, mu_dtype='x')"}, "generator's optimiser cannot be used"),
        ({"schedule": "alternate"}, "unknown schedule 'alternate'; did you mean 'alternating'"),
    ],
)
def test_what_does_not_exist_is_found_before_anything_is_written(tmp_path, wrong, said):
    with pytest.raises(ValueError, match=said):
        run(dataclasses.replace(SMALL, **wrong), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_optimisers_are_the_preset_s_for_all_methods_unless_one_says_otherwise():
    methods = ("simultaneous", "unrolled(steps=1)", "optimistic", "alternating(generator='sgd(learning_rate=0.5)')")
    ready = prepare(Experiment("ring(preset='numerics')", methods))
    names = [method.generator.name for method in ready.methods.values()]
    assert names[:2] == ["rmsprop", "rmsprop"]
    assert names[3] == "sgd"
    assert all(method.discriminator.name == "rmsprop" for method in list(ready.methods.values())[:2])


def test_a_learning_rate_and_a_schedule_are_for_every_method():
    ready = prepare(
        Experiment("ring", SMALL.methods, learning_rate=0.25, schedule="alternating(discriminator_steps=5)")
    )
    for method in ready.methods.values():
        assert float(method.generator.numbers["learning_rate"]) == float(method.discriminator.numbers["learning_rate"])
        assert float(method.generator.numbers["learning_rate"]) == 0.25
        assert method.schedule.discriminator_steps == 5


def test_results_hold_every_method_as_it_was_trained(tmp_path):
    import jax

    import saddlery as sd

    results = run(SMALL, tmp_path)
    assert dict(results.sizes) == {"setting": 2, "seed": 2, "step": 5}
    assert results["setting"].values.tolist() == results["method"].values.tolist() == list(SMALL.methods)
    assert results["step"].values.tolist() == [0, 5, 10, 15, 20]
    assert results.attrs["steps"] == 20
    assert results.attrs["title"] == "Two"
    game, methods = sd.games.bilinear(), prepare(SMALL).methods
    alone = sd.train(game, methods["extragradient"], steps=20, every=5, seeds=2, key=jax.random.key(0)).history
    one = results.sel(setting="extragradient")
    np.testing.assert_array_equal(one["generator_norm"], alone["generator_norm"])
    assert results.identical(open_results(tmp_path))


def test_results_of_a_mixture_know_its_modes_and_a_perfect_sampler(tmp_path):
    one = Experiment("ring(batch=16)", ("simultaneous",), steps=2, seeds=1, every=1, samples=200, average=0.9)
    results = run(one, tmp_path)
    assert results["modes_total"].values.tolist() == [8]
    assert results.attrs["samples_measured"] == 200
    assert results["centres"].dims == ("mode", "coordinate")
    np.testing.assert_allclose(np.linalg.norm(results["centres"], axis=1), 1.0, rtol=1e-6)
    assert 0.9 < results["perfect_high_quality"].item() <= 1.0
    assert results["discriminator_optimiser"].values.tolist() == ["adam(learning_rate=0.0001, b1=0.5)"]
    assert results["samples"].dims == ("setting", "seed", "step", "sample", "coordinate")
    assert "averaged_modes" in results


def test_results_of_images_hold_real_ones_to_compare_with(tmp_path):
    one = Experiment("digits(batch=8, width=8)", ("simultaneous",), steps=1, seeds=1, every=1, samples=100)
    results = run(one, tmp_path)
    assert results["real"].dims == ("sample", "y", "x", "channel")
    assert results["real"].dtype == results["samples"].dtype == np.uint8
    assert results["samples"].shape[3:] == results["real"].shape


def test_a_folder_with_another_experiment_is_refused_and_force_replaces_it(tmp_path):
    run(dataclasses.replace(SMALL, steps=5), tmp_path)
    (tmp_path / "mine.txt").write_text("kept")
    other = dataclasses.replace(SMALL, steps=10)
    for resume in (False, True):
        said = r"holds an(other)? experiment \(bilinear: simultaneous, extragradient; 5 st"
        with pytest.raises(FileExistsError, match=said), claimed(tmp_path, other, resume=resume):
            pass
    assert run(other, tmp_path, force=True).attrs["steps"] == 10
    assert (tmp_path / "mine.txt").read_text() == "kept"


def test_the_same_experiment_is_gone_on_with_whatever_is_said_about_it(tmp_path):
    with claimed(tmp_path, SMALL):
        pass
    with claimed(tmp_path, dataclasses.replace(SMALL, note="another note"), resume=True):
        pass
    assert Experiment.read(tmp_path) == SMALL


def test_a_file_in_the_folder_s_place_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(NotADirectoryError, match="file is a file, expected a folder"),
        claimed(tmp_path / "file", SMALL),
    ):
        pass


def test_unfinished_and_damaged_results_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no runs"):
        open_results(tmp_path)
    with claimed(tmp_path, SMALL):
        pass
    with pytest.raises(FileNotFoundError, match="not finished; continue with: saddlery resume"):
        open_results(tmp_path)
    (tmp_path / RESULTS / "zarr.json").write_text("{}")
    with pytest.raises(ValueError, match=r"is damaged.*computed again by: saddlery resume"):
        open_results(tmp_path)


def test_experiments_are_found_in_a_folder_or_right_below_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no runs"):
        experiments_in(tmp_path)
    for name in ("b", "a"):
        with claimed(tmp_path / name, SMALL):
            pass
    assert experiments_in(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert experiments_in(tmp_path / "a") == [tmp_path / "a"]
