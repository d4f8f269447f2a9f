"""Decoding of one image file, of any size and kind, to a square of pixels."""

import io

import numpy as np

from saddlery.errors import InvalidValue

PIXELS = 1 << 26  # of a picture: beyond them, a small file may unpack to more than memory holds


def decode(content: bytes, size: int, channels: int, crop: int | None = None) -> np.ndarray:
    """The middle square of an image, resized: `(size, size, channels)`, uint8.

    Turned as its EXIF data says; the transparent parts become white; 16-bit grey levels keep their upper eight bits;
    of an animation, the first picture. Resized by Lanczos' filter. JPEGs far larger than needed are decoded at the
    half, quarter or eighth of their size that is still at least twice what is needed.

        >>> from PIL import Image
        >>> Image.new("RGB", (6, 4), "white").save(file := io.BytesIO(), "PNG")
        >>> decode(file.getvalue(), size=2, channels=1).ravel().tolist()
        [255, 255, 255, 255]

    **Arguments:**
    - `content`: the bytes of an image file.
    - `channels`: 3 for red, green and blue, 1 for grey.
    - `crop`: the side in pixels of the square in the middle that is kept (or the shorter side of the picture, where
      that is less); by default the largest such square.

    **Raises:** `ValueError` with the reason when it cannot be read.
    """
    from PIL import Image, ImageOps

    try:
        with Image.open(io.BytesIO(content)) as image:
            if image.width * image.height > PIXELS:
                raise InvalidValue(f"{image.width}×{image.height} pixels, more than {PIXELS:,}")
            if crop is None:
                image.draft(None, (2 * size, 2 * size))
            ImageOps.exif_transpose(image, in_place=True)
            square = _converted(image, "RGB" if channels == 3 else "L")
    except Exception as error:  # Pillow has many names for a damaged file
        raise InvalidValue(" ".join(str(error).split()) or type(error).__name__) from error
    side = min(*square.size, *(() if crop is None else (crop,)))
    left, top = (square.width - side) // 2, (square.height - side) // 2
    if square.size != (side, side):
        square = square.crop((left, top, left + side, top + side))
    if side != size:
        square = square.resize((size, size), Image.Resampling.LANCZOS)
    return np.asarray(square, np.uint8).reshape(size, size, channels)


def _converted(image, mode: str):
    """The picture in another mode, whole and in memory."""
    from PIL import Image

    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8)).convert(mode)
    if image.mode == "F":
        raise InvalidValue("its pixels are floating-point numbers, of unknown range")
    if image.has_transparency_data:
        clear = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", clear.size, "white"), clear)
    return image.convert(mode)
