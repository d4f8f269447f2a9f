"""What an experiment measures, and how each measure is named, drawn and written."""

from collections.abc import Callable
from typing import NamedTuple

import xarray as xr


class Measure(NamedTuple):
    """A variable `(setting, seed, step)` of an experiment's dataset.

    **Arguments:**
    - `name`: the variable; a perfect sampler's value is the attribute `perfect_<name>`.
    - `title`: its name in words.
    - `axis`: the label of its axis, with the unit.
    - `meaning`: a line that says what it is.
    - `text`: from a value to its text in a table.
    - `scale`: of its axis: `"linear"`, `"log"`, `"share"` (0 to 1, written in percent) or `"signed"` (linear up
      to ±10, then logarithmic, when it leaves ±30).
    """

    name: str
    title: str
    axis: str
    meaning: str
    text: Callable[[float], str]
    scale: str = "linear"


def number(value: float) -> str:
    """Three significant digits, without exponents for ordinary sizes."""
    return f"{value:,.0f}" if 100 <= abs(value) < 1e6 else f"{value:.3g}"


def percent(value: float) -> str:
    """A share between 0 and 1 in percent."""
    return f"{100 * value:.1f}%"


QUALITY = (
    Measure(
        "modes",
        "Modes covered",
        "modes covered (count)",
        "modes with samples within three standard deviations of their centre",
        "{:.3g}".format,
    ),
    Measure(
        "high_quality",
        "High-quality share",
        "samples near a mode (%)",
        "samples within three standard deviations of a mode's centre",
        percent,
        "share",
    ),
    Measure(
        "total_variation",
        "Total variation",
        "total variation (0 to 1)",
        "distance of the histogram over modes to the uniform one, from 0 to 1",
        number,
    ),
    Measure(
        "kl",
        "KL divergence",
        "KL to uniform (nats)",
        "Kullback–Leibler divergence of the histogram over modes to the uniform one, in nats",
        number,
    ),
    Measure(
        "colour_js",
        "Colour divergence",
        "JS of colours (nats)",
        "Jensen–Shannon divergence of the colours of generated and of real digits, in nats, at most log 2",
        number,
    ),
    Measure(
        "sliced_wasserstein",
        "Sliced Wasserstein",
        "distance (data units)",
        "sliced Wasserstein distance between generated and real samples, in data units",
        number,
        "log",
    ),
    Measure(
        "mmd",
        "Maximum mean discrepancy",
        "MMD (kernel units)",
        "maximum mean discrepancy between generated and real samples, in units of the kernel",
        number,
        "log",
    ),
)
LOSS, NORM = "as minimised", "Euclidean norm of the gradient"
TRAINING = (
    Measure("generator_loss", "Generator's loss", "loss (as minimised)", LOSS, number, "signed"),
    Measure("discriminator_loss", "Discriminator's loss", "loss (as minimised)", LOSS, number, "signed"),
    Measure("generator_norm", "Generator's gradient norm", "norm (loss per unit)", NORM, number, "log"),
    Measure("discriminator_norm", "Discriminator's gradient norm", "norm (loss per unit)", NORM, number, "log"),
)


def tabled(dataset: xr.Dataset) -> list[Measure]:
    """The measures of the table: those of quality, or where the game has none, losses and gradient norms."""
    return measured(dataset, QUALITY) or measured(dataset, TRAINING)


def measured(dataset: xr.Dataset, measures: tuple[Measure, ...] = QUALITY + TRAINING) -> list[Measure]:
    """Those of the measures that the dataset holds."""
    return [measure for measure in measures if measure.name in dataset]
