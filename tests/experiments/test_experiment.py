"""Experiments: written down, and checked."""

import dataclasses
import json

import pytest

from saddlery.experiments.claimed import claimed
from saddlery.experiments.experiment import Experiment, experiments_in
from saddlery.records import description

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


def test_experiments_are_found_in_a_folder_or_right_below_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="holds no runs"):
        experiments_in(tmp_path)
    for name in ("b", "a"):
        with claimed(tmp_path / name, SMALL):
            pass
    assert experiments_in(tmp_path) == [tmp_path / "a", tmp_path / "b"]
    assert experiments_in(tmp_path / "a") == [tmp_path / "a"]
