"""Samples as a picture or a file of numbers."""

import io
import math
from typing import Any

import numpy as np
from PIL import Image

from saddlery.metrics import pixels
from saddlery.report.style import GREY, canvas, dress, render

GAP = 1  # pixels between two images


def sheet(images: Any, scale: int = 1) -> np.ndarray:
    """Images in [-1, 1] side by side in a square of uint8 pixels, `(height, width, 3)`, white between them."""
    shown = np.asarray(pixels(images))
    shown = np.repeat(shown, 3, -1) if shown.shape[-1] == 1 else shown[..., :3]
    n, height, width, _ = shown.shape
    columns = math.ceil(math.sqrt(n))
    rows = math.ceil(n / columns)
    whole = np.full((rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for i, image in enumerate(shown):
        top, left = (i // columns) * (height + GAP), (i % columns) * (width + GAP)
        whole[top : top + height, left : left + width] = image
    return whole.repeat(scale, 0).repeat(scale, 1)


def png(samples: Any, game: Any, scale: int = 4) -> bytes:
    """Samples as a PNG: images as a sheet, points of the plane among the game's data.

    **Raises:** `ValueError` for samples that are neither.
    """
    if samples.ndim == 4 and samples.shape[-1] in (1, 3):
        content = io.BytesIO()
        Image.fromarray(sheet(samples, scale)).save(content, "PNG")
        return content.getvalue()
    if samples.ndim != 2 or samples.shape[1] != 2:
        raise ValueError(f"samples of shape {samples.shape[1:]} are no picture; give a name that ends in .npy")
    return scatter(np.asarray(samples), np.asarray(game.data.centres) if hasattr(game.data, "centres") else None)


def scatter(samples: np.ndarray, centres: np.ndarray | None) -> bytes:
    """Points of the plane, with the centres of the data's modes."""
    drawn = canvas(4.0, 4.0)
    axes = dress(drawn.add_subplot())
    if centres is not None:
        axes.scatter(*centres.T, s=120, facecolors="none", edgecolors=GREY, linewidths=0.8)
    axes.scatter(*samples.T, s=6, alpha=0.6, linewidths=0)
    axes.set_aspect("equal")
    return render(drawn, "samples", f"{len(samples)} samples.").png


def numbers(samples: Any) -> bytes:
    """Samples as a NumPy file."""
    content = io.BytesIO()
    np.save(content, np.asarray(samples), allow_pickle=False)
    return content.getvalue()
