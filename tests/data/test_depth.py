"""Pictures of more than eight bits: one range for all of a data set, and what is said of it."""

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from saddlery.data import folder
from saddlery.data.decoding import decode
from saddlery.data.depth import Levels, deep_pixels, scaled


def png16(pixels):
    """A PNG of sixteen bits, of one to four channels, which Pillow does not write."""
    height, width, channels = pixels.shape

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 2: 4, 3: 2, 4: 6}[channels], 0, 0, 0)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def tiff(pixels):
    Image.fromarray(pixels).save(file := io.BytesIO(), "TIFF")
    return file.getvalue()


def pgm(pixels, most):
    head = f"P5 {pixels.shape[1]} {pixels.shape[0]} {most}\n".encode()
    return head + pixels.astype(">u2").tobytes()


def ramp(low, high, dtype):
    """A picture of 8×8 levels from low to high."""
    return np.linspace(low, high, 64).astype(dtype).reshape(8, 8)


def shown(tmp_path, files, message):
    """The images of a folder of these files, and what was said."""
    for name, content in files.items():
        (tmp_path / "pics").mkdir(exist_ok=True)
        (tmp_path / "pics" / name).write_bytes(content)
    with pytest.warns(UserWarning, match=message) if message else warnings.catch_warnings():
        data = folder(tmp_path / "pics", 8, channels=1)
    return np.asarray(data.images)[..., 0]


@pytest.mark.parametrize(
    ("make", "low", "high", "dtype", "said"),
    [
        (lambda x: png16(x[..., None]), 0, 4095, np.uint16, "16-bit from 0 to 4,095 "),
        (tiff, 100, 4000, np.uint16, "16-bit from 100 to 4,000 "),
        (tiff, 31768, 35767, np.uint16, "16-bit from 31,768 to 35,767 "),
        (tiff, 0, 2**30, np.int32, "32-bit from 0 to 1,073,741,824 "),
        (tiff, -1000, 3000, np.int32, "32-bit from -1,000 to 3,000 "),
        (tiff, -0.25, 1.5, np.float32, "floating-point from -0.25 to 1.5 "),
    ],
    ids=["12 bits in a PNG", "16-bit TIFF", "centred on 2¹⁵", "2³⁰", "signed", "floating-point"],
)
def test_levels_are_scaled_by_the_range_of_all_pictures_and_that_is_said(tmp_path, make, low, high, dtype, said):
    middle = low + (high - low) // 2 if dtype != np.float32 else low + (high - low) / 2
    files = {"a.tif": make(ramp(low, middle, dtype)), "b.tif": make(ramp(middle, high, dtype))}
    one, other = shown(tmp_path, files, rf"2 of 2 images have more than eight bits; .* {said}\(2 files\), become 0 to")
    np.testing.assert_allclose(one.ravel(), np.linspace(0, 127.5, 64), atol=1)
    np.testing.assert_allclose(other.ravel(), np.linspace(127.5, 255, 64), atol=1)
    assert (one.min(), other.max()) == (0, 255)


def test_a_full_range_of_sixteen_bits_keeps_the_upper_eight_and_nothing_is_said(tmp_path):
    levels = [ramp(0, 65535, np.uint16), ramp(200, 40_000, np.uint16)]
    found = shown(tmp_path, {f"{i}.png": png16(each[..., None]) for i, each in enumerate(levels)}, None)
    np.testing.assert_array_equal(found, [each >> 8 for each in levels])


def test_eight_bits_beside_are_left_as_they_are_and_kinds_have_ranges_of_their_own(tmp_path, plain):
    files = {
        "a.png": plain(77, (8, 8)),
        "b.png": png16(ramp(0, 1000, np.uint16)[..., None]),
        "c.tif": tiff(ramp(0, 1, np.float32)),
        "d.png": plain(78, (8, 8)),
    }
    said = (
        r"2 of 4 images have .* 16-bit from 0 to 1,000 \(1 files\) and floating-point from 0 to 1 \(1 files\), become"
    )
    found = shown(tmp_path, files, said)
    assert (found[0] == 77).all()
    assert (found[3] == 78).all()
    np.testing.assert_allclose(found[1:3].reshape(2, -1), 2 * [np.linspace(0, 255, 64)], atol=1)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("kind", ["png", "tiff"])
def test_colours_of_twelve_bits_in_sixteen_are_not_black(channels, kind):
    pixels = np.random.default_rng(0).integers(0, 4096, (8, 8, channels)).astype(np.uint16)
    pixels[0, 0, :3], pixels[0, 1, :3] = 0, 4095
    pixels[..., 3:] = 65535
    content = png16(pixels) if kind == "png" else tiff16(pixels)
    found = decode(content, 8, 3)
    np.testing.assert_array_equal(found, np.rint(pixels[..., :3] * (255 / 4095)))
    pixels[0, 1, 0] = 65535
    content = png16(pixels) if kind == "png" else tiff16(pixels)
    np.testing.assert_array_equal(decode(content, 8, 3), pixels[..., :3] >> 8)


def tiff16(pixels):
    """A TIFF of sixteen bits of three or four channels, uncompressed, least byte first."""
    height, width, channels = pixels.shape
    entries = {
        256: (3, 1, width), 257: (3, 1, height), 259: (3, 1, 1), 262: (3, 1, 2), 277: (3, 1, channels),
        278: (3, 1, height), 279: (4, 1, pixels.size * 2), 284: (3, 1, 1),
    }  # fmt: skip
    if channels == 4:
        entries[338] = (3, 1, 2)
    count = len(entries) + 2
    after = 8 + 2 + 12 * count + 4
    entries[258], entries[273] = (3, channels, after), (4, 1, after + 2 * channels)
    head = b"II*\0" + struct.pack("<IH", 8, count)
    head += b"".join(struct.pack("<HHII", tag, *entries[tag]) for tag in sorted(entries)) + struct.pack("<I", 0)
    return head + struct.pack(f"<{channels}H", *channels * [16]) + pixels.astype("<u2").tobytes()


def test_unsigned_numbers_of_thirty_two_bits_are_not_taken_as_negative():
    content = bytearray(tiff(ramp(0, 2**31 - 1, np.int32)))
    at = content.index(struct.pack("<HHIH", 339, 3, 1, 2))
    content[at + 8] = 1  # its numbers have no sign
    content = bytes(content).replace(struct.pack("<i", 2**31 - 1), struct.pack("<I", 2**32 - 1))
    assert decode(content, 8, 1)[-1, -1, 0] == 255
    assert decode(content, 8, 1)[-1, -2, 0] in (125, 126)


def test_a_pgm_says_itself_how_many_levels_it_has():
    found = decode(pgm(ramp(0, 2000, np.uint16), 4095), 8, 1)
    assert found.max() > 100


def test_what_is_no_number_is_black_and_no_part_of_the_range():
    pixels = ramp(1, 2, np.float32)
    pixels[0, 0], pixels[7, 7] = np.nan, np.inf
    found = decode(tiff(pixels), 8, 1)[..., 0]
    assert (found[0, 0], found[7, 7]) == (0, 255)
    np.testing.assert_allclose(found.ravel()[1:-1], np.linspace(0, 255, 64)[1:-1], atol=5)


def test_they_are_turned_and_cut_as_others():
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.zeros((6, 6), np.uint16)
    pixels[:3] = 4000
    Image.fromarray(pixels).save(file := io.BytesIO(), "PNG", exif=exif)
    found = decode(file.getvalue(), 6, 1)[..., 0]
    assert (found[:, 3:] == 255).all()
    assert (found[:, :3] == 0).all()


def test_one_level_alone_makes_no_error():
    assert (decode(tiff(np.full((4, 4), 2**30, np.int32)), 4, 1) == 0).all()
    assert (decode(tiff(np.full((4, 4), 77 << 8, np.uint16)), 4, 1) == 77).all()


def test_ranges_within_reach_of_float64_only_do_no_harm():
    huge = np.array([[-1.7e308, 1.7e308]])
    assert scaled(huge, Levels("floating-point", -1.7e308, 1.7e308)).dtype == np.uint8


def test_eight_bits_are_none_of_these(plain):
    content = plain(3)
    assert deep_pixels(content, Image.open(io.BytesIO(content))) is None
