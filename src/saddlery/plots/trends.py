"""Figures of a diagnosis: trends along the run, and from the players on along the trial run."""

from typing import Any, Protocol, TypeGuard

from saddlery.plots.frame import DISCRIMINATOR, GENERATOR, frame
from saddlery.plots.picture import Picture, Pictures, render
from saddlery.plots.style import GREY, INK, logarithmic


class Diagnosed(Protocol):
    """The protocol of what is drawn of a `Diagnosis`."""

    @property
    def subject(self) -> Any: ...  # noqa: D102

    @property
    def trial(self) -> Any: ...  # noqa: D102

    @property
    def record(self) -> Any: ...  # noqa: D102

    @property
    def facts(self) -> Any: ...  # noqa: D102

    @property
    def evidence(self) -> Any: ...  # noqa: D102


def is_diagnosis(of: object) -> TypeGuard[Diagnosed]:
    """Whether an object has what is drawn of a `Diagnosis`."""
    return all(hasattr(of, name) for name in ("subject", "trial", "record", "facts", "evidence"))


def trends(diagnosis: Diagnosed) -> Pictures:
    """Figures of norms, losses, and where a game's samples can be measured, those."""
    known = ("norms", "losses") if diagnosis.facts.quality is None else ("norms", "losses", "samples")
    return Pictures(trend(diagnosis, what) for what in known)


def trend(diagnosis: Diagnosed, what: str) -> Picture:
    """A figure of norms, losses or samples' measure along the run, and from the grey line on along the trial run.

    Of samples, modes covered stand with the share of samples near one; a distance, with a perfect sampler's (dashed)
    and an untrained generator's (dotted).
    """
    record, here, quality = diagnosis.record, diagnosis.subject.step, diagnosis.facts.quality
    titles = {"norms": ("Gradient norms", "norm (loss per unit)"), "losses": ("Losses", "loss (as minimised)")}
    modes = quality is not None and quality.counts_modes
    titles["samples"] = ("Modes covered, samples near one", "share") if modes else ("Samples' distance", "distance")
    lines = {"samples": [("modes", "modes", INK), ("high_quality", "near a mode", GENERATOR)] if modes else
             [(quality.name if quality is not None else "", "samples", INK)]}  # fmt: skip
    for kind, name in (("norm", "norms"), ("loss", "losses")):
        lines[name] = [(f"{player}_{kind}", player, color) for player, color in
                       (("generator", GENERATOR), ("discriminator", DISCRIMINATOR))]  # fmt: skip
    figure, axes = frame(titles[what][0], "training step", titles[what][1])
    path, history = record.path, record.history
    for variable, label, color in lines[what]:
        if history is not None and variable in history:
            axes.plot(history["step"], history[variable], color=color, linewidth=1.2)
        axes.plot(path["step"] + here, path[variable], color=color, linewidth=1.2, label=label)
    if history is not None:
        axes.axvline(here, color=GREY, linewidth=0.8, linestyle=(0, (3, 2)))
    if what == "norms" and (path["generator_norm"].values > 0).any():
        logarithmic(axes)
    if what == "samples" and modes:
        axes.set_ylim(-0.03, 1.03)
    elif what == "samples" and quality is not None:
        logarithmic(axes)
        for value, style in zip(quality.references, ("--", ":"), strict=True):
            axes.axhline(value, color=GREY, linewidth=0.9, linestyle=style)
    if what != "samples" or modes:
        axes.legend(fontsize=7.5, framealpha=0.85, edgecolor="none", labelcolor=INK)
    alt = f"{titles[what][0]} along training; the dashed line is where the trial run begins."
    return render(figure, what, alt)
