"""The share of a field's curvature that its Jacobian holds, as a finding and a figure of the study `numerics-ring`."""

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.finding import Finding
from saddlery.report.style import GREY, INK, RULE, Picture, canvas, dress, looks, render

PANELS = {"random": "Along random directions", "v": "Along v itself"}
STROKES = ("-", (0, (3, 2)))  # of the distances


def seen(dataset: xr.Dataset, network: str, along: str) -> xr.Dataset:
    """`middle`, `least` and `most` (setting, instant, h) over the seeds of the share seen, `along` "random" or "v".

    Of a seed's random directions it is the median.
    """
    of = dataset["seen"].sel(network=network)
    here = [name for name in of["direction"].values if name.startswith(along)]
    of = of.sel(direction=here).median("direction")
    return xr.Dataset({"middle": of.median("seed"), "least": of.min("seed"), "most": of.max("seed")})


def finding(dataset: xr.Dataset) -> Finding:
    """What the Jacobian holds of the curvature, before and after training, and how well it agrees without kinks."""
    near = dataset["h"].values[0]
    relu = {along: seen(dataset, "relu", along).sel(h=near) for along in PANELS}

    def told(along: str, instant: int, i: int) -> str:
        here = relu[along].isel(instant=instant, setting=i)
        middle, least, most = (percent(float(here[name])) for name in ("middle", "least", "most"))
        return f"{middle} ({least} to {most})"

    def after(along: str) -> str:
        names = dataset["setting"].values
        return ", ".join(f"{told(along, -1, i)} under {name}" for i, name in enumerate(names))

    missed = dataset["missed"].sel(network="tanh", h=near).values[..., :-1]
    middle, most = float(np.nanmedian(missed)), float(np.nanmax(missed))
    text = (
        f"Along random directions the Jacobian by automatic differentiation holds {told('random', 0, 0)} of the "
        f"curvature that finite differences of v over {exact(near)} find before training, and {after('random')} after "
        f"it; along v itself {after('v')} (medians over seeds, in brackets the least and the greatest). The second "
        "derivative of relu is zero almost everywhere, so that what its kinks add is lost. With tanh in its place, "
        f"trained the same way, the two differ by {number(middle)} of it along random directions, at most "
        f"{number(most)}."
    )
    shares = {f"seen along {along}": each.isel(instant=[0, -1]).to_array().values for along, each in relu.items()}
    return Finding("Curvature lost at kinks", text, "plain", shares | {"h": near, "missed": [middle, most]})


def kinks(dataset: xr.Dataset) -> Picture:
    """The share seen along training: a line for each method and distance, a band from least to greatest seed."""
    figure = canvas(9.4, 3.4, layout="constrained")
    panels, styles = figure.subplots(1, 2, sharey=True), looks(dataset)
    near, far = dataset["h"].values
    for axes, (along, title) in zip(panels, PANELS.items(), strict=True):
        dress(axes).grid(color=RULE, linewidth=0.6)
        relu = seen(dataset, "relu", along)
        for i, look in enumerate(styles):
            for h, stroke in zip((near, far), STROKES, strict=True):
                here = relu.isel(setting=i).sel(h=h)
                axes.plot(dataset["instant"], here["middle"], color=look.color, linestyle=stroke, linewidth=1.6)
            here = relu.isel(setting=i).sel(h=near)
            axes.fill_between(dataset["instant"], here["least"], here["most"], color=look.color, alpha=0.18, lw=0)
        smooth = seen(dataset, "tanh", along)["middle"].sel(h=near)
        axes.plot(dataset["instant"], smooth.transpose("instant", "setting"), color=GREY, linewidth=1.6)
        axes.set_title(title, fontsize=9.5, weight="bold", color=INK, loc="left")
        axes.set_xlabel("step", fontsize=8, color=INK)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.set_ylim(0, 1.1)
    panels[0].set_ylabel("‖v′u‖ of ‖finite difference‖ (%)", fontsize=8, color=INK)
    handles = [Line2D([], [], color=look.color, label=f"relu, {look.label}") for look in styles]
    handles += [
        Line2D([], [], color=GREY, label="tanh, both"),
        Line2D([], [], color=INK, linestyle=STROKES[0], label=f"h = {near:g}"),
        Line2D([], [], color=INK, linestyle=STROKES[1], label=f"h = {far:g}"),
        Patch(color=INK, alpha=0.18, lw=0, label="seeds"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=6, fontsize=8, frameon=False, labelcolor=INK)
    alt = f"Share of the field's curvature that its Jacobian holds, along training. {finding(dataset).text}"
    return render(figure, "kinks", alt)
