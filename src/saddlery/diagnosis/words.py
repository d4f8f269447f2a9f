"""A diagnosis in words: the table of measurements, and what would help."""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from saddlery.analysis.numbers import complex_number, number, signed
from saddlery.diagnosis.quality import Quality
from saddlery.diagnosis.verification import Verification

if TYPE_CHECKING:
    from saddlery.diagnosis.diagnosis import Diagnosis


class Row(NamedTuple):
    """A row of the table: what was measured, its value, and what that means."""

    name: str
    value: str
    meaning: str


def rows(diagnosis: "Diagnosis") -> list[Row]:
    """The rows of everything that was measured, trends first."""
    return [*trend_rows(diagnosis), *spectrum_rows(diagnosis)]


def trend_rows(diagnosis: "Diagnosis") -> list[Row]:
    """The rows of trends: of the trial run, and of the run where it has a history."""
    facts = diagnosis.facts
    t, q, past = facts.trends, facts.quality, facts.past
    steps = int(diagnosis.trial.path["step"].values[-1])
    found = []
    if facts.diverged_at >= 0:
        found.append(Row("diverged", f"step {facts.diverged_at:,}", "where the run left the finite numbers"))
    if facts.lost >= 0:
        found.append(Row("diverged", f"{facts.lost:,} steps on", "where the trial run left the finite numbers"))
    if q is not None:
        found += _samples(q)
    found.append(
        Row(
            "field norm ‖v‖",
            f"{number(t.field)}, × {number(t.field_factor)} ({number(t.field_low)} to {number(t.field_high)})",
            f"at the end, and its change along {steps:,} steps with a 95% interval",
        )
    )
    if not math.isnan(past[0]):
        text = f"× {number(past[0])} ({number(past[1])} to {number(past[2])})"
        found.append(Row("field norm along the run", text, "its change over the second half of the run"))
    if not math.isnan(facts.nearness.distance):
        meaning = "Newton's step along the trial run, and ‖J‖: where a loss fades, both norms fall and this does not"
        text = f"× {number(facts.nearness.distance)}, ‖J‖ × {number(facts.nearness.curvature)}"
        found.append(Row("way to a stationary point", text, meaning))
    found += [
        Row("path: length", f"{number(t.moved)} ‖θ‖", "how far the players went, in units of their size"),
        Row("path: straightness", number(t.straightness), "net displacement over length: 1 is a straight line"),
        Row("path: returned", number(t.returned), "how far it comes back to where it was: 1 closes, 0 only goes on"),
        Row("path: turns", number(t.turns), "windings about its mean, in its plane of most movement"),
        Row("path: width", f"× {number(t.contraction)}", "last third over first: below 1 it draws together"),
        Row("path: spread", number(t.spread), "0 stays near, 1 diffuses, 2 goes straight on"),
        Row("path: persistence", number(t.persistence), "cosine between successive steps: 1 keeps its direction"),
        Row("losses", " and ".join(map(signed, t.losses)), "their change, generator's and discriminator's"),
    ]
    return found


def _samples(q: Quality) -> list[Row]:
    """What is known of a GAN's samples."""
    found = []
    if q.name == "modes":
        found.append(Row("modes covered", f"{q.now:g} of {q.best:g}, {signed(q.gain)}", "median, and modes gained"))
        if q.visited > q.held:
            found.append(Row("modes visited", f"{q.visited}, {q.held} at once", "the samples go from mode to mode"))
    else:
        found.append(
            Row("samples' distance", f"{number(q.now)}, a perfect sampler's {number(q.best)}", "sliced Wasserstein")
        )
    told = f"{q.separation:.1%}"
    return [*found, Row("discriminator is right", told, "real above generated: 50% cannot tell, 100% is certain")]


def spectrum_rows(diagnosis: "Diagnosis") -> list[Row]:
    """The rows of the spectrum, and of the other evidence."""
    e = diagnosis.evidence
    parts = f"{number(e.norms.generator)} and {number(e.norms.discriminator)}"
    noise = f"{number(e.noise / e.norm)} ‖v‖" if e.norm else number(e.noise)
    found = [
        Row("gradient norms", parts, "generator's and discriminator's, of the mean over batches"),
        Row("noise of a batch", noise, "rms deviation of one batch's field from the mean"),
    ]
    if e.spectrum is not None:
        c, s = e.spectrum.counts, e.spectrum
        of = f"of all {s.size:,}" if s.complete else f"of the {len(s.eigenvalues)} largest of {s.size:,}"
        found += [
            Row(
                "eigenvalues of J",
                f"{c.negative:,} negative, {c.zero:,} zero, {c.positive:,} positive",
                f"real parts, {of}; stable at an equilibrium when all are negative",
            ),
            Row("largest magnitude", _largest(s.eigenvalues), "the fastest mode of all"),
        ]
        if len(e.growing):
            found.append(Row("largest real part", complex_number(e.growing[0]), "above zero, errors along it grow"))
        meaning = "antisymmetric share of ‖J‖²: 100% is a pure rotation"
        found.append(Row("rotation of the field", f"{s.rotation:.0%}", meaning))
    if not math.isnan(e.turning):
        found.append(Row("rotation along v", f"{e.turning:.0%}", "of what J does to v itself"))
    if len(e.carrying):
        leading = ", ".join(complex_number(value) for value in e.carrying[:3])
        found += [
            Row(
                f"modes that carry v ({len(e.carrying)})",
                f"{leading}{', …' if len(e.carrying) > 3 else ''}",
                f"the heaviest; together all but {e.left:.0%} of v",
            ),
            Row("growing among them", f"{e.growing_share:.0%}", "by weight; no step makes those stable"),
        ]
        if not math.isnan(e.stable_step):
            found.append(
                Row("stable step of the rest", number(e.stable_step), "of plain descent, for those that decay")
            )
    if e.multipliers is not None:
        m = e.multipliers
        meaning = "a deviation's factor a step, by this very method; above 1 it grows"
        if m.frozen:
            meaning += f" (second moments that are zero were held: {m.frozen:,})"
        found.append(Row("multiplier of the update", f"{m.rate:.6g}", meaning))
    if not math.isnan(e.distance):
        found.append(
            Row(
                "to a stationary point",
                f"{number(e.distance)} ‖θ‖",
                f"least step after which J says v is {e.distance_left:.0%} of what it is",
            )
        )
    return found


def _largest(eigenvalues: np.ndarray) -> str:
    return complex_number(eigenvalues[np.abs(eigenvalues).argmax()]) if len(eigenvalues) else "–"


GAINS = {"modes": "modes covered", "sliced_wasserstein": "samples' distance", "field": "‖v‖"}


def outcome(verification: Verification) -> str:
    """The outcome of a verification in words, with the interval."""
    v = verification
    values = f"{number(float(np.median(v.without)))} → {number(float(np.median(v.with_it)))}"
    if v.measure == "modes":
        gain = f"{signed(v.gain)} modes, 95% interval {signed(v.low)} to {signed(v.high)}"
    else:
        factors = (number(float(np.exp(-x))) for x in (v.gain, v.high, v.low))
        gain = "× {}, 95% interval {} to {}".format(*factors)
    seeds = f"{len(v.with_it)} seeds{', which agree' if np.ptp(v.with_it) == np.ptp(v.without) == 0 else ''}"
    lost = f"; {v.diverged[1]} of {len(v.with_it)} seeds diverged with it" if v.diverged[1] else ""
    lost += f"; {v.diverged[0]} without it" if v.diverged[0] else ""
    return f"{GAINS[v.measure]} {values} ({gain}, {seeds}){lost}"


def advice(diagnosis: "Diagnosis") -> list[tuple[str, str, str]]:
    """The advice on each candidate: whether it is recommended, its name, and why or with what outcome."""
    if diagnosis.verifications is None:
        return [("candidate", candidate.name, candidate.why) for candidate in diagnosis.candidates]
    order = sorted(diagnosis.verifications, key=lambda v: (not v.confirmed, -v.gain))
    return [("RECOMMENDED" if v.confirmed else "not confirmed", v.candidate.name, outcome(v)) for v in order]


def conclusion(diagnosis: "Diagnosis") -> str:
    """The conclusion of a diagnosis: what to do, in a sentence."""
    if not diagnosis.candidates:
        return "Nothing to change: training does what it should."
    if diagnosis.verifications is None:
        return "Candidates, not recommendations: none has been tried. Verifying trains with and without each."
    if not diagnosis.recommendations:
        return "No candidate was confirmed by training: nothing is recommended."
    return f"Recommended, for training confirmed it: {diagnosis.recommendations[0].candidate.name}."


def summary(diagnosis: "Diagnosis") -> str:
    """The whole diagnosis as plain text."""
    lines = [f"{diagnosis.verdict.word}: {diagnosis.verdict.because}", ""]
    table = rows(diagnosis)
    width = max(len(row.name) for row in table)
    lines += [f"  {row.name:<{width}}  {row.value}   ({row.meaning})" for row in table]
    lines += [f"  not computed: {text}" for text in diagnosis.evidence.missing]
    lines += [f"  note: {text}" for text in diagnosis.evidence.remarks]
    lines += ["", *(f"  {status}: {name}: {text}" for status, name, text in advice(diagnosis)), conclusion(diagnosis)]
    return "\n".join(lines)
