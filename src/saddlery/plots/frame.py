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


def panelled(title: str, horizontal: str, vertical: str, count: int) -> tuple[Figure, list[Axes]]:
    """A figure as wide as a page, with pairs of axes beside each other which share what they are drawn on."""
    figure = canvas(10.5, 3.2, layout="constrained")
    panels = [dress(axes) for axes in figure.subplots(1, count, sharey=True, squeeze=False)[0]]
    for axes in panels:
        axes.grid(color=RULE, linewidth=0.6)
        axes.set_axisbelow(True)
        axes.set_xlabel(horizontal, fontsize=8, color=INK)
    figure.suptitle(title, x=0.01, ha="left", fontsize=10, fontweight="bold", color=INK)
    panels[0].set_ylabel(vertical, fontsize=8, color=INK)
    return figure, panels
