"""Sheets of samples: a picture or a file of numbers."""

import io
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from PIL import Image

from saddlery.analysis import facts
from saddlery.errors import InvalidValue
from saddlery.plots.picture import render
from saddlery.plots.style import GREY, canvas, dress, tint

GAP = 1  # pixels between two images
SHOWN, SIDE = 36, 220  # of a sheet: how many images, and its least side in pixels


class Sheet(NamedTuple):
    """A sheet of images side by side: label, origin, colour, the picture, and its description in words."""

    label: str
    origin: str
    color: str
    png: bytes
    alt: str


def sheet(label: str, images: np.ndarray, origin: str = "", color: str = "", shown: int = SHOWN) -> Sheet:
    """A sheet of the first images, `(n, height, width, channels)`, of uint8 or in [-1, 1]."""
    some = np.asarray(images[:shown])
    whole = tiled(some)
    alt = f"{len(some)} images: {label}{origin and ', '}{origin}."
    return Sheet(label, origin, color, _png(whole, max(1, -(-SIDE // len(whole)))), alt)


def sheets(dataset: xr.Dataset, by: str, shown: int = SHOWN) -> list[Sheet]:
    """Sheets of real images, where the dataset holds them, and of each setting's median seed at the last record.

    **Arguments:** `by`: the variable (setting, seed) by which seeds are ranked; of an even number the one below the
    middle is shown.
    """
    made = [
        sheet(f"real, {of}" if of else "real", images, "from the data", shown=shown)
        for of, images in facts.arrays(dataset, "real")
    ]
    ranked = dataset[by].transpose("setting", "seed").values.astype(float)
    for i, label in enumerate(dataset["setting"].values):
        seed = median_seed(np.nan_to_num(ranked[i], nan=-np.inf))
        images = dataset["samples"].isel(setting=i, seed=seed, step=-1).values
        origin = f"seed {dataset['seed'].values[seed]}"
        if int(dataset["diverged_at"].values[i, seed]) >= 0:
            images, origin = np.full_like(images, 128), f"{origin}, diverged"
        made.append(sheet(str(label), images, origin, tint(dataset, i), shown))
    return made


def median_seed(values: np.ndarray) -> int:
    """The position of the median of some seeds' values, of an even number the one below the middle."""
    return int(np.argsort(values, kind="stable")[(len(values) - 1) // 2])


def tiled(images: ArrayLike) -> np.ndarray:
    """Images in [-1, 1], or of uint8, tiled in a square of uint8 pixels `(height, width, 3)`, white between."""
    shown = pixels(images)
    shown = np.repeat(shown, 3, -1) if shown.shape[-1] == 1 else shown[..., :3]
    n, height, width, _ = shown.shape
    columns = math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    whole = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for i, image in enumerate(shown):
        top, left = (i // columns) * (height + GAP), (i % columns) * (width + GAP)
        whole[top : top + height, left : left + width] = image
    return whole


def pixels(images: ArrayLike) -> np.ndarray:
    """Images in [−1, 1] as uint8 in [0, 255], rounded; what lies outside is clipped, NaN is grey; uint8 stays."""
    images = np.asarray(images)
    if images.dtype == np.uint8:
        return images
    return np.round((np.nan_to_num(np.clip(images, -1, 1)) + 1) * 127.5).astype(np.uint8)


def _png(whole: np.ndarray, scale: int) -> bytes:
    """Pixels as a file, each as a square of so many."""
    content = io.BytesIO()
    Image.fromarray(whole.repeat(scale, 0).repeat(scale, 1)).save(content, "PNG")
    return content.getvalue()


def each(samples: ArrayLike, scale: int = 1) -> Iterator[bytes]:
    """Generated images, each as a PNG of its own size, or so many times as large.

    **Raises:** `ValueError` for samples that are no images of one or three channels.
    """
    samples = np.asarray(samples)
    if samples.ndim != 4 or samples.shape[-1] not in (1, 3):
        what = "points of the plane" if samples.shape[1:] == (2,) else f"samples of shape {samples.shape[1:]}"
        raise InvalidValue(f"each: {what} are no images, of one or three channels; leave it out, or write a .npy")
    for image in pixels(samples):
        yield _png(image[..., 0] if image.shape[-1] == 1 else image, scale)


def png(samples: ArrayLike, game: Any, scale: int = 4) -> bytes:
    """Generated samples as a PNG: images as a sheet, points of the plane among the game's data.

    **Raises:** `ValueError` for samples that are neither.
    """
    samples = np.asarray(samples)
    if samples.ndim == 4 and samples.shape[-1] in (1, 3):
        return _png(tiled(samples), scale)
    if samples.ndim != 2 or samples.shape[1] != 2:
        raise InvalidValue(f"samples of shape {samples.shape[1:]} are no picture; give a name that ends in .npy")
    return scatter(samples, np.asarray(game.data.centres) if hasattr(game.data, "centres") else None)


def scatter(samples: np.ndarray, centres: np.ndarray | None) -> bytes:
    """A scatter plot of points of the plane, those that are finite, with the centres of the data's modes."""
    drawn = canvas(4.0, 4.0)
    axes = dress(drawn.add_subplot())
    if centres is not None:
        axes.scatter(*centres.T, s=120, facecolors="none", edgecolors=GREY, linewidths=0.8)
    axes.scatter(*samples[np.isfinite(samples).all(-1)].T, s=6, alpha=0.6, linewidths=0)
    axes.set_aspect("equal")
    return render(drawn, "samples", f"{len(samples)} samples.").png


def numbers(samples: ArrayLike) -> bytes:
    """Generated samples as a NumPy file."""
    content = io.BytesIO()
    np.save(content, np.asarray(samples), allow_pickle=False)
    return content.getvalue()
