"""The films: every frame lies where the page looks for it."""

import base64
import io

import numpy as np
from matplotlib.colors import to_rgb
from PIL import Image

from saddlery.analysis.seeds import median_seeds
from saddlery.plots.images import tiled
from saddlery.plots.strip import limits
from saddlery.plots.style import REAL
from saddlery.report.animation import FRAMES, PIXELS, SIDE, animation


def pixels(film):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(film.image.partition(",")[2]))).convert("RGB"))


def frame(film, n):
    whole = pixels(film)
    height, width = len(whole) // film.rows, whole.shape[1] // film.columns
    top, left = n // film.columns * height, n % film.columns * width
    return whole[top : top + height, left : left + width]


def test_frames_of_images_are_the_recorded_images(images):
    shown = animation(images)
    for i, (film, seed) in enumerate(zip(shown.films, median_seeds(images), strict=True)):
        for n in range(images.sizes["step"]):
            expected = tiled(images.samples.values[i, seed, n], SIDE)
            assert (frame(film, n) == expected[..., None]).all()


def test_samples_of_a_mixture_lie_where_they_were_drawn(mixture):
    shown = animation(mixture)
    low, high = limits(mixture)
    for i, (film, seed) in enumerate(zip(shown.films, median_seeds(mixture), strict=True)):
        points = (mixture.samples.values[i, seed, -1] - low) / (high - low) * PIXELS
        distance = abs(frame(film, mixture.sizes["step"] - 1) / 255 - np.array(to_rgb(film.look.color))).max(-1)
        rows, columns = np.nonzero(distance < 0.12)
        drawn = np.stack([columns + 0.5, PIXELS - rows - 0.5], axis=-1)
        gaps = np.linalg.norm(drawn[:, None] - points, axis=-1)
        assert len(drawn) > 0
        assert gaps.min(1).max() < 6  # every coloured pixel belongs to a sample
        assert np.median(gaps.min(0)) < 3  # and samples have coloured pixels


def test_there_are_few_frames_and_a_note_for_each(mixture):
    long = mixture.isel(step=np.arange(100) % mixture.sizes["step"]).assign_coords(step=np.arange(100))
    shown = animation(long)
    assert len(shown.steps) == FRAMES == len(shown.films[0].notes)
    assert shown.steps[0] == 0
    assert shown.steps[-1] == 99


def test_nothing_is_drawn_of_a_seed_that_diverged(mixture, images):
    for dataset in (mixture, images):
        lost = dataset.copy(deep=True)
        lost["diverged_at"][0] = 0
        film = animation(lost).films[0]
        assert set(film.notes) == {"diverged"}
        assert (abs(pixels(film).astype(int) - to_grey(film)) <= 6).all()


def to_grey(film):
    """The same picture without colour: only rings and white are left."""
    return pixels(film).astype(int).mean(-1, keepdims=True)


def test_games_without_samples_have_no_film(mixture):
    assert animation(mixture.drop_vars("samples")) is None


def test_points_without_modes_are_drawn_over_real_ones_in_grey(mixture):
    real = np.random.default_rng(0).uniform(-1, 1, (40, 2)).astype(np.float32)
    points = mixture.drop_vars(["centres", "modes"]).assign(real_points=(("point", "coordinate"), real))
    shown = animation(points)
    assert "grey points are real samples" in shown.caption
    assert "rings" not in shown.caption
    low, high = limits(points)
    assert (low < real.min(0)).all()
    assert (high > real.max(0)).all()
    film = shown.films[0]
    grey = abs(frame(film, 0) / 255 - np.array(to_rgb(REAL))).max(-1) < 0.03
    rows, columns = np.nonzero(grey)
    drawn = np.stack([columns + 0.5, PIXELS - rows - 0.5], axis=-1)
    gaps = np.linalg.norm(drawn[:, None] - (real - low) / (high - low) * PIXELS, axis=-1)
    assert np.median(gaps.min(0)) < 4
    without = animation(points.drop_vars("real_points"))
    assert "grey" not in without.caption
    assert not (abs(frame(without.films[0], 0) / 255 - np.array(to_rgb(REAL))).max(-1) < 0.03).any()
