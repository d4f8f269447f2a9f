"""`saddlery evaluate` and `saddlery sample` on small finished runs."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from saddlery.analysis.measures import MEASURES

pytestmark = pytest.mark.long

RING = ("run", "ring(batch=16)", "-m", "simultaneous", "--steps", "2", "--seeds", "2", "--quiet", "--no-report")


def size(path):
    return Image.open(io.BytesIO(path.read_bytes())).size


def test_points_of_the_plane_are_measured_and_drawn(saddlery, tmp_path):
    assert saddlery(*RING, "--out", "ring")[0] == 0
    code, printed, _ = saddlery("evaluate", "ring", "--samples", "200", "--quiet")
    assert code == 0
    assert "Modes covered" in printed
    found = json.loads((tmp_path / "ring" / "evaluation.json").read_text())
    assert [[(one["seed"], one["step"]) for one in each] for each in found.values()] == [[(0, 2), (1, 2)]]
    assert "Medians over seeds, at step 2 " in printed
    by_name = {one["name"]: one for one in found["simultaneous"][0]["measures"]}
    assert by_name["modes"]["real"] == 8
    assert by_name["high_quality"]["real"] > 0.95
    assert by_name["high_quality"]["meaning"] == MEASURES["high_quality"].meaning
    assert saddlery("sample", "ring", "--seed", "1")[0] == 0
    assert size(tmp_path / "ring" / "samples.png")[0] > 100
    assert saddlery("sample", "ring", "--out", "numbers.npy", "-n", "5")[0] == 0
    assert np.load(tmp_path / "numbers.npy").shape == (5, 2)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("evaluate", "nowhere"), "nowhere holds no runs"),
        (("sample", "nowhere"), "nowhere holds no runs"),
        (
            ("sample", "nowhere", "--out", "a.gif"),
            "got a.gif, expected a name that ends in .png or .npy, or --each",
        ),
    ],
)
def test_mistakes_are_named(mistake, command, said):
    assert said in mistake(*command)


def test_a_game_without_samples_is_named(saddlery):
    assert (
        saddlery("run", "bilinear", "--steps", "2", "--seeds", "1", "--quiet", "--no-report", "--out", "mine")[0] == 0
    )
    for command, said in (("evaluate", "expected a GAN"), ("sample", "it is no GAN")):
        code, _, errors = saddlery(command, "mine")
        assert code == 2
        assert said in errors
