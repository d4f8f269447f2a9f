"""The report of a diagnosis: the verdict, measurements, the path, the spectrum, and what training confirmed."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from saddlery.analysis.outcome import tone
from saddlery.diagnosis import Diagnosis
from saddlery.diagnosis.advice import MEASURES, advice
from saddlery.diagnosis.verification import Verification
from saddlery.diagnosis.words import conclusion, ending, rows
from saddlery.plots.curves import curves
from saddlery.plots.frame import panelled
from saddlery.plots.path import path
from saddlery.plots.picture import Picture, render
from saddlery.plots.spectrum import spectrum
from saddlery.plots.style import COLOURS, GREY, INK
from saddlery.records import storage
from saddlery.report.finding import Finding
from saddlery.report.sections import Cell, Row, Table
from saddlery.report.template import files, filled, write_page

PALETTE = [COLOURS[name] for name in ("consensus", "unrolled", "alternating", "optimistic")]


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
    """The HTML of the report."""
    return filled(
        "diagnosis.html.jinja",
        diagnosis=diagnosis,
        findings=findings(diagnosis),
        table=table(diagnosis),
        ending=ending(diagnosis),
        pictures=drawn,
    )


def findings(diagnosis: Diagnosis) -> list[Finding]:
    """The findings of the report: the verdict, the advice, and what could not be computed."""
    word, evidence = diagnosis.verdict.word, diagnosis.evidence
    return [
        Finding(
            word.capitalize(),
            f"{diagnosis.verdict.because}.",
            tone(word) if diagnosis.verdict.clear or tone(word) == "bad" else "plain",
        ),
        *(
            Finding(status.capitalize(), f"{name}: {text}.", "good" if status.startswith("RECOMMENDED") else "plain")
            for status, name, text in advice(diagnosis)
        ),
        *(Finding("Not computed", f"{text}.", "bad") for text in evidence.missing),
        *(Finding("Note", f"{text}.") for text in evidence.remarks),
    ]


def table(diagnosis: Diagnosis) -> Table:
    """The table of measurements."""
    held = [Row(row.name, [Cell(row.value), Cell(row.meaning)]) for row in rows(diagnosis)]
    return Table([("What was measured", ""), ("Value", ""), ("What it means", "")], held, kind="words")


def record(diagnosis: Diagnosis) -> dict[str, Any]:
    """A diagnosis as plain data: what the report says, and the eigenvalues."""
    spectrum = diagnosis.evidence.spectrum
    eigenvalues = np.empty(0) if spectrum is None else spectrum.eigenvalues
    return {
        "verdict": diagnosis.verdict.word,
        "because": diagnosis.verdict.because,
        "of": diagnosis.subject.title,
        "step": diagnosis.subject.step,
        "measured": [row._asdict() for row in rows(diagnosis)],
        "advice": [{"status": status, "change": name, "text": text} for status, name, text in advice(diagnosis)],
        "clear": diagnosis.verdict.clear,
        "conclusion": conclusion(diagnosis),
        "ending": dict(ending(diagnosis)),
        "missing": diagnosis.evidence.missing,
        "remarks": diagnosis.evidence.remarks,
        "eigenvalues": [[float(value.real), float(value.imag)] for value in eigenvalues],
    }


def pictures(diagnosis: Diagnosis) -> list[Picture]:
    """The figures of the report: norms, losses, samples, the path, the spectrum, and each verification."""
    drawn = [*curves(diagnosis)]
    if diagnosis.trial.path["position"].values.any():
        drawn.append(path(diagnosis))
    if diagnosis.evidence.spectrum is not None and len(diagnosis.evidence.spectrum.eigenvalues):
        drawn.append(spectrum(diagnosis))
    return drawn + ([_verified(diagnosis.verifications)] if diagnosis.verifications else [])


def _verified(verifications: list[Verification]) -> Picture:
    """The measure along the verification, without a change and with each candidate, a panel for each checkpoint."""
    measure, count = verifications[0].measure, verifications[0].checkpoints
    label = MEASURES[measure] if measure == "shortfall" else f"log of the {MEASURES[measure]}"
    figure, panels = panelled("Verified by training", "steps from the same players", label, count)
    runs = [("without a change", verifications[0].histories[0], GREY)]
    runs += [(v.candidate.name, v.histories[1], PALETTE[i % 4]) for i, v in enumerate(verifications)]
    steps = verifications[0].histories[2]
    for i, axes in enumerate(panels):
        axes.set_title(f"checkpoint {i + 1}" if count > 1 else "this checkpoint", fontsize=8, color=INK)
        for name, values, color in runs:
            drawn = values[i, :, : len(steps)]
            axes.plot(steps[: drawn.shape[1]], drawn.T, color=color, linewidth=0.5, alpha=0.4)
            axes.plot(steps[: drawn.shape[1]], np.median(drawn, 0), color=color, linewidth=1.8, label=name)
    place = {"loc": "outside lower center", "ncols": 3}
    figure.legend(*panels[0].get_legend_handles_labels(), fontsize=8, frameon=False, labelcolor=INK, **place)
    alt = f"{label} along training without a change and with each candidate, from {count} checkpoints: less is better."
    return render(figure, "verified", alt)
