"""One picture as a square of pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from saddlery.data import decoding
from saddlery.data.decoding import decode


def encoded(image, kind="PNG", **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [
        ("RGB", (10, 200, 30), (10, 200, 30)),
        ("RGBA", (10, 200, 30, 255), (10, 200, 30)),
        ("RGBA", (10, 200, 30, 0), (255, 255, 255)),  # transparent is white
        ("L", 77, (77, 77, 77)),
        ("LA", (77, 0), (255, 255, 255)),
        ("1", 1, (255, 255, 255)),
        ("I;16", 77 * 256 + 3, (77, 77, 77)),
        ("CMYK", (0, 255, 255, 0), (255, 0, 0)),
    ],
)
def test_every_mode_becomes_red_green_blue(mode, colour, expected):
    kind = "TIFF" if mode == "CMYK" else "PNG"
    decoded = decode(encoded(Image.new(mode, (5, 7), colour), kind), 4, 3)
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, np.broadcast_to(np.uint8(expected), (4, 4, 3)))


def test_palettes_and_grey():
    image = Image.new("RGB", (6, 6), (255, 0, 0)).quantize(4)
    np.testing.assert_array_equal(decode(encoded(image), 6, 3)[0, 0], [255, 0, 0])
    assert decode(encoded(image), 6, 1).shape == (6, 6, 1)
    assert decode(encoded(image), 6, 1)[0, 0, 0] == 76  # 0.299 · 255


def test_the_middle_is_kept():
    pixels = np.zeros((4, 10, 3), np.uint8)
    pixels[:, 3:7] = 200
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(pixels)), 4, 3), np.full((4, 4, 3), 200))
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(pixels[1:3])), 2, 3, crop=2), np.full((2, 2, 3), 200))
    assert decode(encoded(Image.fromarray(pixels)), 4, 3, crop=100).mean() == 200  # no more than there is


def test_an_image_of_the_right_size_is_left_as_it_is():
    pixels = np.random.default_rng(0).integers(0, 256, (9, 9, 3), np.uint8)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(pixels)), 9, 3), pixels)


def test_resizing_keeps_averages():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    np.testing.assert_allclose(decode(encoded(Image.fromarray(pixels)), 8, 3).mean((0, 1)), pixels.mean((0, 1)), atol=2)


def test_a_turned_photograph_is_put_upright():
    pixels = np.zeros((6, 6, 3), np.uint8)
    pixels[:3] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: what is above is at the right
    decoded = decode(encoded(Image.fromarray(pixels), exif=exif), 6, 3)
    np.testing.assert_array_equal(decoded[:, 3:], np.full((6, 3, 3), 255))
    assert decoded[:, :3].max() == 0


def test_a_large_jpeg_is_decoded_as_its_reduction():
    y, x = np.mgrid[:512, :700] / 512
    image = Image.fromarray(np.stack([255 * y.clip(0, 1), 255 * (x / 2).clip(0, 1), 0 * x], -1).astype(np.uint8))
    exactly = decode(encoded(image), 32, 3).astype(int)
    assert np.abs(decode(encoded(image, "JPEG", quality=95), 32, 3).astype(int) - exactly).max() <= 6


def test_what_is_no_picture_is_refused_with_the_reason():
    content = encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (50, 50, 3), np.uint8)), "JPEG")
    for damaged in (b"", b"text", content[:600]):
        with pytest.raises(ValueError, match=r"^(it is |image file is truncated|Truncated)"):
            decode(damaged, 8, 3)


def test_more_pixels_than_allowed_are_refused_before_they_are_unpacked(monkeypatch):
    monkeypatch.setattr(decoding, "PIXELS", 99)
    with pytest.raises(ValueError, match="10×10 pixels, more than 99"):
        decode(encoded(Image.new("L", (10, 10))), 8, 3)


def test_a_reason_tells_what_the_file_is_and_not_how_it_was_held():
    nan = Image.fromarray(np.full((3, 3), np.nan, np.float32))
    for content, reason in (
        (b"", "it is empty"),
        (b"<!DOCTYPE html><p>not found", "HTML"),
        (b"text", "not an image"),
        (encoded(nan, "TIFF"), "none of its pixels is a finite number"),
    ):
        with pytest.raises(ValueError, match=reason) as refused:
            decode(content, 8, 3)
        assert "BytesIO" not in str(refused.value)


@pytest.mark.parametrize("settings", [{"size": 8.0}, {"size": 8, "crop": 2.5}])
def test_sizes_that_are_no_whole_numbers_are_not_laid_to_the_picture(settings):
    with pytest.raises(ValueError, match=r"(size: got 8\.0|crop: got 2\.5), expected a whole number"):
        decode(encoded(Image.new("L", (3, 3))), channels=3, **settings)
