"""Pictures of more than eight bits: their levels, and how these become 0 to 255."""

import io
import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from saddlery.errors import InvalidValue

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

BITS = "16-bit", "32-bit", "floating-point"
FULL = 1 << 15  # 16-bit levels that reach over more than so many keep their upper eight bits
COLOURS = re.compile(r"(RGB|RGBA|RGBX);16([BLN])")  # Pillow has no modes for these, and keeps the upper eight bits


class Levels(NamedTuple):
    """The levels of a picture, or of several, of more than eight bits: of which kind they are, and their range."""

    kind: str
    low: float
    high: float

    @property
    def full(self) -> bool:
        """Whether they are those of sixteen bits, whose upper eight are kept, as they are of one level alone."""
        within = self.kind != BITS[2] and self.low >= 0 and self.high < 1 << 16
        return within and (self.high - self.low >= FULL or (self.kind == BITS[0] and self.high == self.low))

    def __str__(self) -> str:
        low, high = (f"{end:,.0f}" if self.kind != BITS[2] else f"{end:g}" for end in self[1:])
        return f"{self.kind} from {low} to {high}"


Ranges = Mapping[str, Levels]  # of each kind


def joined(found: list[Levels]) -> dict[str, Levels]:
    """The range of all levels of each kind.

    >>> joined([Levels("16-bit", 3, 9), Levels("16-bit", 5, 12)])["16-bit"].high
    12
    """
    kinds = {each.kind: [other for other in found if other.kind == each.kind] for each in found}
    return {kind: Levels(kind, min(e.low for e in each), max(e.high for e in each)) for kind, each in kinds.items()}


def deep_pixels(content: bytes, image: "ImageFile") -> tuple[str, np.ndarray] | None:
    """The kind and the pixels of a picture of more than eight bits, `(height, width)` or with three or four channels.

        >>> from PIL import Image
        >>> Image.new("I;16", (2, 1), 4095).save(file := io.BytesIO(), "PNG")
        >>> deep_pixels(file.getvalue(), Image.open(file))[1].tolist()
        [[4095, 4095]]

    **Arguments:** `content`: the file's bytes; `image`: what Pillow opened them as, nothing of it read yet.

    **Returns:** `None` for one of eight bits.
    """
    from PIL import ImageOps

    if image.mode == "F":
        ImageOps.exif_transpose(image, in_place=True)
        return BITS[2], np.asarray(image)
    if image.mode.startswith("I"):
        sixteen = image.mode != "I" or image.format == "PPM"
        unsigned = image.format == "TIFF" and getattr(image, "tag_v2", {}).get(339, (1,))[0] == 1
        ImageOps.exif_transpose(image, in_place=True)
        pixels = np.asarray(image)
        return BITS[0 if sixteen else 1], pixels.astype(np.uint32) if unsigned and not sixteen else pixels
    if image.tile and all(COLOURS.fullmatch(_raw_mode(tile)) for tile in image.tile):
        return BITS[0], _colours(content, image)
    return None


def levels(kind: str, pixels: np.ndarray) -> Levels:
    """The levels of a picture: the range of its pixels, but of those that are no finite number; alpha does not count.

        >>> levels("floating-point", np.array([[0.5, np.nan], [2.0, -1.0]]))
        Levels(kind='floating-point', low=-1.0, high=2.0)

    **Raises:** `ValueError` when none is finite.
    """
    seen = pixels[..., :3] if pixels.ndim == 3 else pixels
    if kind == BITS[2]:
        seen = seen[np.isfinite(seen)]
        if not seen.size:
            raise InvalidValue("none of its pixels is a finite number")
    return Levels(kind, float(seen.min()), float(seen.max()))


def scaled(pixels: np.ndarray, range_: Levels) -> np.ndarray:
    """Pixels of more than eight bits as uint8: of a full range of sixteen bits the upper eight, else low to high as 0
    to 255, by rounding. What is no number is 0; alpha keeps its upper eight bits.

        >>> scaled(np.array([[0, 4095]], np.uint16), Levels("16-bit", 0, 4095)).tolist()
        [[0, 255]]
        >>> scaled(np.array([[511, 65535]], np.uint16), Levels("16-bit", 0, 65535)).tolist()
        [[1, 255]]
    """
    if range_.full:
        return (pixels >> 8).clip(0, 255).astype(np.uint8)
    over = (range_.high - range_.low) or 1.0
    with np.errstate(invalid="ignore", over="ignore"):
        shown = np.nan_to_num(np.rint((pixels.astype(np.float64) - range_.low) * (255 / over)), nan=0.0).clip(0, 255)
    if pixels.ndim == 3 and pixels.shape[-1] == 4:
        shown[..., 3] = pixels[..., 3] >> 8
    return shown.astype(np.uint8)


def _colours(content: bytes, image: Any) -> np.ndarray:
    """Colours of sixteen bits: read twice, once with the two bytes of each number the other way round."""
    from PIL import Image, ImageOps

    swapped = Image.open(io.BytesIO(content))
    swapped.tile = [tile._replace(args=_swapped(tile.args)) for tile in swapped.tile]
    halves = []
    for each in (image, swapped):
        ImageOps.exif_transpose(each, in_place=True)
        halves.append(np.asarray(each).astype(np.uint16))
    return halves[0] << 8 | halves[1]


def _raw_mode(tile: Any) -> str:
    """How the numbers of a part of a picture lie in the file."""
    return str(tile.args if isinstance(tile.args, str) else tile.args[0] if tile.args else "")


def _swapped(args: Any) -> Any:
    """What tells how numbers lie in the file, but with the bytes of each the other way round."""
    native = {"big": "L", "little": "B"}[sys.byteorder]
    other = {"B": "L", "L": "B", "N": native}
    if isinstance(args, str):
        return args[:-1] + other[args[-1]]
    return (args[0][:-1] + other[args[0][-1]], *args[1:])
