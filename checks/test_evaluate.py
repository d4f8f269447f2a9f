"""`saddlery evaluate` and `saddlery sample` on images; points of the plane are among the tests."""

import io
import json

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
    by_name = {one["name"]: one for one in found}
    for name in ("frechet", "kernel_distance"):
        assert by_name[name]["real"] < by_name[name]["noise"]
    assert by_name["precision"]["real"] > 0.7
    assert by_name["inception_score"]["real"] > 7
    assert by_name["linear_probe"]["value"] > 0.3
    assert by_name["inversion_error"]["value"] > 0
    assert saddlery("sample", "digits", "-n", "10", "--scale", "3")[0] == 0
    assert size(tmp_path / "digits" / "samples.png") == (3 * (4 * 9 - 1), 3 * (3 * 9 - 1))
