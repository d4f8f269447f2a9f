"""A diagnosis as a page: the verdict, what was measured, the path, the spectrum, and what training confirmed."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from saddlery.diagnosis import Diagnosis
from saddlery.diagnosis.verification import Verification, measured
from saddlery.diagnosis.words import GAINS, advice, conclusion, rows
from saddlery.records import storage
from saddlery.report.finding import Finding
from saddlery.report.sections import Cell, Row, Table
from saddlery.report.style import COLOURS, GREY, INK, RULE, Picture, canvas, dress, logarithmic, render
from saddlery.report.template import files, filled, write_page

GENERATOR, DISCRIMINATOR = COLOURS["simultaneous"], COLOURS["consensus"]
FIELD = INK
TONES = {"converging": "good", "cycling": "bad", "diverging": "bad", "stalled": "bad", "collapsed": "bad"}


def write(diagnosis: Diagnosis, folder: str | os.PathLike) -> Path:
    """Write `report.html`, `diagnosis.json` and `figures/*.svg` and `*.png` into a folder.

    Each file appears whole or not at all; files of that name are replaced.

    **Returns:** the path of the page.

    **Raises:** `OSError` when the folder cannot be written.
    """
    drawn = pictures(diagnosis)
    page = write_page(folder, html(diagnosis, drawn), files(drawn))
    storage.write(Path(folder) / "diagnosis.json", json.dumps(record(diagnosis), indent=1, ensure_ascii=False) + "\n")
    return page


def html(diagnosis: Diagnosis, drawn: list[Picture]) -> str:
    """The page as text."""
    return filled(
        "diagnosis.html.jinja",
        diagnosis=diagnosis,
        findings=findings(diagnosis),
        table=table(diagnosis),
        conclusion=conclusion(diagnosis),
        pictures=drawn,
    )


def findings(diagnosis: Diagnosis) -> list[Finding]:
    """The verdict, the advice, and what could not be computed."""
    word, evidence = diagnosis.verdict.word, diagnosis.evidence
    return [
        Finding(word.capitalize(), f"{diagnosis.verdict.because}.", TONES[word]),
        *(
            Finding(status.capitalize(), f"{name}: {text}.", "good" if status == "RECOMMENDED" else "plain")
            for status, name, text in advice(diagnosis)
        ),
        *(Finding("Not computed", f"{text}.", "bad") for text in evidence.missing),
        *(Finding("Note", f"{text}.") for text in evidence.remarks),
    ]


def table(diagnosis: Diagnosis) -> Table:
    """What was measured."""
    held = [Row(row.name, [Cell(row.value), Cell(row.meaning)]) for row in rows(diagnosis)]
    return Table([("What was measured", ""), ("Value", ""), ("What it means", "")], held, kind="words")


def record(diagnosis: Diagnosis) -> dict[str, Any]:
    """The diagnosis as plain data: what the page says, and the eigenvalues."""
    spectrum = diagnosis.evidence.spectrum
    eigenvalues = np.empty(0) if spectrum is None else spectrum.eigenvalues
    return {
        "verdict": diagnosis.verdict.word,
        "because": diagnosis.verdict.because,
        "of": diagnosis.subject.title,
        "step": diagnosis.subject.step,
        "measured": [row._asdict() for row in rows(diagnosis)],
        "advice": [{"status": status, "change": name, "text": text} for status, name, text in advice(diagnosis)],
        "conclusion": conclusion(diagnosis),
        "missing": diagnosis.evidence.missing,
        "remarks": diagnosis.evidence.remarks,
        "eigenvalues": [[float(value.real), float(value.imag)] for value in eigenvalues],
    }


def pictures(diagnosis: Diagnosis) -> list[Picture]:
    """The figures: norms, losses, samples, the path, the spectrum, and each verification."""
    drawn = [_along(diagnosis, "norms"), _along(diagnosis, "losses")]
    if diagnosis.facts.quality is not None:
        drawn.append(_along(diagnosis, "samples"))
    if diagnosis.trial.path["position"].values.any():
        drawn.append(_path(diagnosis))
    if diagnosis.evidence.spectrum is not None and len(diagnosis.evidence.spectrum.eigenvalues):
        drawn.append(_spectrum(diagnosis))
    return drawn + ([_verified(diagnosis.verifications)] if diagnosis.verifications else [])


def _frame(title: str, horizontal: str, vertical: str) -> tuple[Any, Axes]:
    """A figure with one pair of axes, named."""
    figure = canvas(3.9, 2.9, layout="constrained")
    axes = dress(figure.add_subplot())
    axes.grid(color=RULE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_title(title, loc="left", fontsize=10, fontweight="bold", color=INK)
    axes.set_xlabel(horizontal, fontsize=8, color=INK)
    axes.set_ylabel(vertical, fontsize=8, color=INK)
    return figure, axes


def _along(diagnosis: Diagnosis, what: str) -> Picture:
    """Norms, losses or the samples' measure along the run, and from the grey line on along the trial run."""
    quality = diagnosis.facts.quality
    sample = "" if quality is None else quality.name
    titles = {"norms": ("Gradient norms", "norm (loss per unit)"), "losses": ("Losses", "loss (as minimised)")}
    titles["samples"] = ("Modes covered", "modes (count)") if sample == "modes" else ("Samples' distance", "distance")
    lines = {"samples": [(sample, "samples", FIELD)]}
    for kind in ("norm", "loss"):
        name = {"norm": "norms", "loss": "losses"}[kind]
        lines[name] = [(f"{player}_{kind}", player, c) for player, c in
                       (("generator", GENERATOR), ("discriminator", DISCRIMINATOR))]  # fmt: skip
    figure, axes = _frame(titles[what][0], "training step", titles[what][1])
    path, history, here = diagnosis.trial.path, diagnosis.subject.history, diagnosis.subject.step
    for variable, label, color in lines[what]:
        if history is not None and variable in history:
            axes.plot(history["step"], history[variable], color=color, linewidth=1.2)
        axes.plot(path["step"] + here, path[variable], color=color, linewidth=1.2, label=label)
    if history is not None:
        axes.axvline(here, color=GREY, linewidth=0.8, linestyle=(0, (3, 2)))
    if what == "norms" and (path["generator_norm"].values > 0).any():
        logarithmic(axes)
    if sample == "modes" and what == "samples" and quality is not None:
        axes.set_ylim(-0.3, quality.best + 0.3)
    if what != "samples":
        axes.legend(fontsize=7.5, framealpha=0.85, edgecolor="none", labelcolor=INK)
    alt = f"{titles[what][0]} along training; the dashed line is where the trial run begins."
    return render(figure, what, alt)


def _path(diagnosis: Diagnosis) -> Picture:
    """The path in its plane of most movement, from light to dark."""
    positions = diagnosis.trial.path["position"].values.astype(float)
    centred = positions - positions.mean(0)
    left, strengths, _ = np.linalg.svd(centred, full_matrices=False)
    plane = np.zeros((len(positions), 2))
    known = min(2, len(strengths))
    plane[:, :known] = left[:, :known] * strengths[:known]
    share = (strengths[:2] ** 2).sum() / (strengths**2).sum()
    figure, axes = _frame("The path of the trial run", "first component", "second component")
    axes.plot(*plane.T, color=GREY, linewidth=0.7)
    axes.scatter(*plane.T, c=diagnosis.trial.path["step"].values, cmap="viridis_r", s=9, linewidth=0, zorder=3)
    axes.plot(*plane[0], "o", color="white", markeredgecolor=INK, markersize=6, zorder=4)
    axes.set_aspect("equal", adjustable="datalim")
    trends = diagnosis.facts.trends
    alt = (
        f"The players' path in the plane of its two principal components, {share:.0%} of its variance, from the ring "
        f"at the start to dark: {trends.turns:.1f} turns about its mean."
    )
    return render(figure, "path", alt)


def _spectrum(diagnosis: Diagnosis) -> Picture:
    """Eigenvalues in the complex plane, and the modes that carry v, larger the heavier."""
    evidence = diagnosis.evidence
    assert evidence.spectrum is not None
    values = np.concatenate([evidence.spectrum.eigenvalues, evidence.growing])
    figure, axes = _frame("Eigenvalues of J", "real part (per unit of step)", "imaginary part")
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.plot(np.real(values), np.imag(values), "o", color=DISCRIMINATOR, markersize=3, alpha=0.6, label="eigenvalues")
    carrying = np.concatenate([evidence.carrying, evidence.carrying.conj()])
    weights = np.concatenate([evidence.weights] * 2)
    if len(carrying):
        axes.scatter(
            np.real(carrying), np.imag(carrying), s=10 + 140 * weights / weights.max(), facecolor="none",
            edgecolor=GENERATOR, linewidth=1.1, label="modes that carry v",
        )  # fmt: skip
    axes.legend(fontsize=7.5, frameon=False, labelcolor=INK)
    kind = "all" if evidence.spectrum.complete else f"{len(values)} extreme ones of {evidence.spectrum.size:,}"
    alt = f"The eigenvalues of J in the complex plane, {kind}, and the {len(evidence.carrying)} modes that carry v."
    return render(figure, "spectrum", alt)


def _verified(verifications: list[Verification]) -> Picture:
    """The measure along the verification, without a change and with each candidate: every seed, and medians."""
    measure = verifications[0].measure
    figure, axes = _frame("Verified by training", "steps from the same players", GAINS[measure])
    palette = [COLOURS[name] for name in ("consensus", "unrolled", "alternating", "optimistic")]
    runs = [("without a change", verifications[0].histories[0], GREY)]
    runs += [(v.candidate.name, v.histories[1], palette[i % 4]) for i, v in enumerate(verifications)]
    for label, history, color in runs:
        values = measured(history, measure)
        axes.plot(history["step"].values, values.T, color=color, linewidth=0.5, alpha=0.4)
        axes.plot(history["step"].values, np.median(values, 0), color=color, linewidth=1.8, label=label)
    if measure != "modes":
        logarithmic(axes)
    axes.legend(fontsize=7.5, frameon=False, labelcolor=INK)
    return render(figure, "verified", f"{GAINS[measure]} along training without a change and with each candidate.")
