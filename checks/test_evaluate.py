"""`saddlery evaluate` and `saddlery sample` on images; points of the plane are among the tests."""

import io
import json

import numpy as np
from PIL import Image

DIGITS = (
    "run",
    "digits(batch=16, width=8)",
    "--steps",
    "2",
    "--seeds",
    "1",
    "--quiet",
    "--no-report",
    "--out",
    "digits",
)


def size(path):
    return Image.open(io.BytesIO(path.read_bytes())).size


def test_images_are_measured_beside_real_ones_and_noise(saddlery, tmp_path):
    assert saddlery(*DIGITS)[0] == 0
    code, _, _ = saddlery("evaluate", "digits", "--samples", "300", "--quiet")
    assert code == 0
    (found,) = json.loads((tmp_path / "digits" / "evaluation.json").read_text())["alternating"]
    by_name = {one["name"]: one for one in found["measures"]}
    assert by_name["frechet"]["title"] == "Fréchet distance, classifier features"
    assert not any(one["why"] for one in by_name.values())
    for name in ("frechet", "kernel_distance"):
        assert by_name[name]["real"] < by_name[name]["noise"]
    assert by_name["precision"]["real"] > 0.7
    assert by_name["inception_score"]["real"] > 7
    assert by_name["linear_probe"]["value"] > 0.3
    assert by_name["inversion_error"]["value"] > 0
    assert saddlery("sample", "digits", "-n", "10", "--scale", "3")[0] == 0
    assert size(tmp_path / "digits" / "samples.png") == (3 * (4 * 9 - 1), 3 * (3 * 9 - 1))


def test_a_sorted_folder_of_colour_pictures_is_measured_by_contrast(saddlery, tmp_path):
    """Three classes, sorted: a class count that divides no hundred, and the first pictures all of one class."""
    random = np.random.default_rng(0)
    for name, low in (("a", 0), ("b", 80), ("c", 160)):
        (tmp_path / "sorted" / name).mkdir(parents=True)
        for i in range(120):
            pixels = np.clip(low + 60 * random.random((8, 8, 3)) + 30 * random.random(3), 0, 255)
            Image.fromarray(pixels.astype(np.uint8)).save(tmp_path / "sorted" / name / f"{i:03}.png")
    made = ("--data", "sorted", "--size", "8", "--network", "dcgan3_nobn_cf(width=4)", "--steps", "2", "--seeds", "1")
    assert saddlery("run", "images(batch=8)", *made, "--quiet", "--no-report", "--out", "run")[0] == 0
    code, printed, _ = saddlery("evaluate", "run", "--quiet")
    assert code == 0
    (found,) = json.loads((tmp_path / "run" / "evaluation.json").read_text())["alternating"]
    by_name = {one["name"]: one for one in found["measures"]}
    assert by_name["linear_probe"]["value"] > 1 / 3
    assert by_name["precision"]["samples"] == 180
    assert by_name["coverage"]["real"] > 0.9
    assert by_name["frechet"]["real"] < by_name["frechet"]["value"]
    assert "Fréchet distance, contrastive features" in printed
    assert "contrastive features: of a small network trained on the data" in printed
    assert "pixel features" in saddlery("evaluate", "run", "--quiet", "--features", "pixels")[1]
    assert saddlery("evaluate", "run", "--features", "pixel")[0] == 2
