"""A small figure with one pair of axes, in which the figures of a diagnosis are drawn."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from saddlery.plots.style import COLOURS, INK, RULE, canvas, dress

GENERATOR, DISCRIMINATOR = COLOURS["simultaneous"], COLOURS["consensus"]


def frame(title: str, horizontal: str, vertical: str) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, named."""
    figure = canvas(3.9, 2.9, layout="constrained")
    axes = dress(figure.add_subplot())
    axes.grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=INK)
    axes.set_xlabel(horizontal, fontsize=8, color=INK)
    axes.set_ylabel(vertical, fontsize=8, color=INK)
    return figure, axes
