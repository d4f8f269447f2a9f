"""Animation of samples along training: for each setting one image of all frames, which the page shows in turn."""

import base64
import io
from typing import NamedTuple

import numpy as np
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from saddlery.analysis import facts
from saddlery.analysis.seeds import drawable, ended, median_seeds, recorded, spaced
from saddlery.plots.images import tiled
from saddlery.plots.strip import limits
from saddlery.plots.style import GREY, REAL, Look, canvas, looks

FRAMES = 40
PIXELS = 288  # of a frame's side
POINTS = 1000  # drawn in a frame
SIDE = 6  # images along each side of a frame


class Film(NamedTuple):
    """The frames of one setting.

    **Arguments:**
    - `look`: label and colour of the setting; `seed`: the seed shown.
    - `columns`, `rows`: how the frames lie in the image, row by row.
    - `image`: WebP, as a data URI.
    - `notes`: a remark for each frame, such as the modes covered.
    - `crisp`: whether pixels are to stay squares when enlarged.
    """

    look: Look
    seed: int
    columns: int
    rows: int
    image: str
    notes: list[str]
    crisp: bool


class Animation(NamedTuple):
    """An animation: films of settings side by side, and the step of each frame."""

    films: list[Film]
    steps: list[int]
    caption: str


def animation(dataset: xr.Dataset) -> Animation | None:
    """The animation of each setting's median seed, or `None` when there are no samples that can be drawn."""
    kind = drawable(dataset)
    if kind is None:
        return None
    plane = kind in ("mixture", "points")
    records, films = spaced(dataset, FRAMES), []
    columns = min(len(records), 8)
    rows = -(-len(records) // columns)
    for i, (look, seed) in enumerate(zip(looks(dataset), median_seeds(dataset), strict=True)):
        lost = [ended(dataset.isel(setting=i, seed=seed, step=record)) for record in records]
        frames = dataset["samples"].isel(setting=i, seed=seed, step=records).values[:, :POINTS].copy()
        frames[lost] = np.nan if plane else 255
        if plane:
            rings, real = (
                facts.of(dataset, name, i) if name in dataset else None for name in ("centres", "real_points")
            )
            sheet = _scatter(frames, rings, real, limits(dataset), look, columns, rows)
        else:
            sheet = _tiles(frames, columns, rows)
        notes = _notes(dataset, i, seed, records, lost)
        seed = int(dataset["seed"].values[seed])
        films.append(Film(look, seed, columns, rows, _data_uri(sheet), notes, crisp=not plane))
    return Animation(films, [int(step) for step in dataset["step"].values[records]], _caption(dataset))


def _scatter(
    frames: np.ndarray,
    centres: np.ndarray | None,
    real: np.ndarray | None,
    corners: tuple[np.ndarray, np.ndarray],
    look: Look,
    columns: int,
    rows: int,
) -> Image.Image:
    """All frames on one pair of axes, a unit square each, with the centres of modes, and real samples in grey."""
    low, high = corners
    figure = canvas(columns, rows)
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, columns), ylim=(rows, 0))
    axes.set_axis_off()
    within = lambda unit: unit[((unit > 0) & (unit < 1)).all(-1)]  # noqa: E731
    for n, frame in enumerate(frames):
        corner = np.array([n % columns, n // columns + 1])
        if real is not None:
            axes.scatter(*(corner + within((real - low) / (high - low)) * (1, -1)).T, s=3, color=REAL, linewidth=0)
        if centres is not None:
            ring = corner + (centres - low) / (high - low) * (1, -1)
            axes.scatter(*ring.T, s=28, facecolor="none", edgecolor=GREY, linewidth=0.6)
        unit = within((frame - low) / (high - low))
        axes.scatter(*(corner + unit * (1, -1)).T, s=4, color=look.color, alpha=0.4, linewidth=0)
    figure.set_dpi(PIXELS)
    agg = FigureCanvasAgg(figure)
    agg.draw()
    return Image.fromarray(np.asarray(agg.buffer_rgba())[..., :3].copy())


def _tiles(frames: np.ndarray, columns: int, rows: int) -> Image.Image:
    """Each frame a square of images."""
    squares = [tiled(frame, SIDE) for frame in frames]
    height, width = squares[0].shape[:2]
    sheet = np.full((rows * height, columns * width, *squares[0].shape[2:]), 255, np.uint8)
    for n, square in enumerate(squares):
        top, left = n // columns * height, n % columns * width
        sheet[top : top + height, left : left + width] = square
    return Image.fromarray(sheet)


def _notes(dataset: xr.Dataset, setting: int, seed: int, records: np.ndarray, lost: list[bool]) -> list[str]:
    """What to say beneath each frame: modes covered, or that the seed has diverged."""
    known = "modes" in dataset
    modes = recorded(dataset, "modes").values[setting, seed, records] if known else np.full(len(records), np.nan)
    total = facts.along(dataset, "modes_total").values[setting]
    return [
        "diverged" if gone else "" if np.isnan(count) else f"{count:.0f} of {total:.0f} modes"
        for gone, count in zip(lost, modes, strict=True)
    ]


def _caption(dataset: xr.Dataset) -> str:
    """What a frame spans."""
    if drawable(dataset) == "images":
        return "Each square holds images drawn at that step."
    shown = "; rings are the real modes" if "centres" in dataset else ""
    shown = "; grey points are real samples" if "real_points" in dataset else shown
    low, high = limits(dataset)
    spans = [f"{a:.2g} to {b:.2g}".replace("-", "−") for a, b in zip(low, high, strict=True)]
    return f"Each square spans x₁ from {spans[0]} and x₂ from {spans[1]} (data units){shown}."


def _data_uri(sheet: Image.Image) -> str:
    """An image as lossless WebP in a data URI."""
    buffer = io.BytesIO()
    sheet.save(buffer, format="webp", lossless=True, method=2)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
