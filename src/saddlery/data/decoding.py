"""Decoding of one image file, of any size and kind, to a square of pixels."""

import io
import re

import numpy as np

from saddlery.data.depth import Levels, Ranges, deep_pixels, levels, scaled
from saddlery.errors import InvalidValue
from saddlery.text.arguments import whole

PIXELS = 1 << 26  # of a picture: beyond them, a small file may unpack to more than memory holds


def decode(content: bytes, size: int, channels: int, crop: int | None = None) -> np.ndarray:
    """The middle square of an image, resized: `(size, size, channels)`, uint8.

    Turned as its EXIF data says; the transparent parts become white; levels of more than eight bits are scaled by
    their own range (see `decode_or_measure`); of an animation, the first picture. Resized by Lanczos' filter. JPEGs far
    larger than needed are decoded at the half, quarter or eighth of their size that is still at least twice what is
    needed.

        >>> from PIL import Image
        >>> Image.new("RGB", (6, 4), "white").save(file := io.BytesIO(), "PNG")
        >>> decode(file.getvalue(), size=2, channels=1).ravel().tolist()
        [255, 255, 255, 255]

    **Arguments:**
    - `content`: the bytes of an image file.
    - `channels`: 3 for red, green and blue, 1 for grey.
    - `crop`: the side in pixels of the square in the middle that is kept (or the shorter side of the picture, where
      that is less); by default the largest such square.

    **Raises:** `ValueError` for a size that is no whole number, and with the reason when the image cannot be read.
    """
    size, crop = whole("size", size), None if crop is None else whole("crop", crop)
    found = decode_or_measure(content, size, channels, crop)
    if isinstance(found, Levels):
        found = decode_or_measure(content, size, channels, crop, {found.kind: found})
    assert not isinstance(found, Levels)
    return found


def decode_or_measure(
    content: bytes, size: int, channels: int, crop: int | None = None, ranges: Ranges | None = None
) -> np.ndarray | Levels:
    """An image as `decode` gives it, but of one of more than eight bits whose range is not known, its levels instead.

    So one range serves all pictures of a data set: the levels of each are found, joined, and given as `ranges` when
    those pictures are decoded. Low to high becomes 0 to 255; 16-bit levels that reach over more than half of what
    sixteen bits hold keep their upper eight bits.

        >>> from PIL import Image
        >>> Image.new("I;16", (4, 4), 1000).save(file := io.BytesIO(), "PNG")
        >>> found = decode_or_measure(file.getvalue(), 2, 1)
        >>> found
        Levels(kind='16-bit', low=1000.0, high=1000.0)
        >>> decode_or_measure(file.getvalue(), 2, 1, None, {"16-bit": Levels("16-bit", 0, 4000)})[0, 0].tolist()
        [64]

    **Raises:** `ValueError` with the reason when it cannot be read.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > PIXELS:
                raise InvalidValue(f"{image.width}×{image.height} pixels, more than {PIXELS:,}")
            if crop is None:
                image.draft(None, (2 * size, 2 * size))
            if (deep := deep_pixels(content, image)) is not None:
                kind, pixels = deep
                if not ranges or kind not in ranges:
                    return levels(kind, pixels)
                square = _converted(Image.fromarray(scaled(pixels, ranges[kind])), channels)
            else:
                ImageOps.exif_transpose(image, in_place=True)
                square = _converted(image, channels)
    except UnidentifiedImageError:
        raise InvalidValue(_no_image(content)) from None
    except Exception as error:  # Pillow has many names for a damaged file
        said = re.sub(r"<_io\.\w+[^>]*>", "it", " ".join(str(error).split()))
        raise InvalidValue(said or type(error).__name__) from error
    side = min(*square.size, *(() if crop is None else (crop,)))
    left, top = (square.width - side) // 2, (square.height - side) // 2
    if square.size != (side, side):
        square = square.crop((left, top, left + side, top + side))
    if side != size:
        square = square.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(square, np.uint8).reshape(size, size, channels)


def _no_image(content: bytes) -> str:
    """Why a file is no image, as far as its bytes tell."""
    if not content:
        return "it is empty"
    if content[:512].lstrip()[:1] == b"<":
        return "it is a page or a drawing in HTML or XML, not an image"
    return "it is not an image, or of a kind that is not read"


def _converted(image, channels: int):
    """The picture in red, green and blue, or in grey, whole and in memory."""
    from PIL import Image

    if image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return image.convert("RGB" if channels == 3 else "L")
