"""A diagnosis in words: the table of measurements, what happens and why, what to change, and how sure that is."""

import math
from typing import TYPE_CHECKING

import numpy as np

from saddlery.analysis.explanation import certainty, explanation
from saddlery.analysis.forecast import trials
from saddlery.analysis.numbers import complex_number, number, percent, signed
from saddlery.analysis.outcome import Outcome
from saddlery.analysis.row import Row, alarm_row
from saddlery.analysis.rung import first, in_history, in_trial
from saddlery.analysis.sample_quality import SampleQuality
from saddlery.diagnosis.advice import advice, change
from saddlery.games import as_gan

if TYPE_CHECKING:
    from saddlery.diagnosis.diagnosis import Diagnosis


def rows(diagnosis: "Diagnosis") -> list[Row]:
    """The rows of everything that was measured, trends first."""
    return [*alarm_rows(diagnosis), *trend_rows(diagnosis), *spectrum_rows(diagnosis)]


def alarm_rows(diagnosis: "Diagnosis") -> list[Row]:
    """The rows of alarms that rang, along the run and the trial run, with how often each is false."""
    subject = diagnosis.subject
    if as_gan(subject.game) is None:  # they were measured of GANs
        return []
    history = [] if subject.history is None else in_history(subject.history)
    rang = first(history, in_trial(diagnosis.trial.path, subject.step))
    return [alarm_row(rung) for rung in rang]


def trend_rows(diagnosis: "Diagnosis") -> list[Row]:
    """The rows of trends: of samples, of the distance to an equilibrium, of the field and the path."""
    facts = diagnosis.facts
    steps = int(diagnosis.trial.path["step"].values[-1])
    found = []
    if facts.diverged_at >= 0:
        found.append(Row("diverged", f"step {facts.diverged_at:,}", "where the run left the finite numbers"))
    if facts.lost >= 0:
        found.append(Row("diverged", f"{facts.lost:,} steps on", "where the trial run left the finite numbers"))
    if facts.quality is not None:
        found += _samples(facts.quality)
    found += _approach(diagnosis)
    if facts.trends is not None:
        found += _path(diagnosis, steps)
    return found


def _approach(diagnosis: "Diagnosis") -> list[Row]:
    """What is known of the distance to an equilibrium, and of the update there."""
    a, local = diagnosis.facts.approach, diagnosis.facts.local
    if a is None:
        return []
    found = [
        Row(
            "distance to the equilibrium",
            f"{number(a.distance)}, log {signed(a.growth)} ({signed(a.low)} to {signed(a.high)})",
            f"at the end, an untrained player's is {number(a.scale)}; and the change of its logarithm, 95% interval",
        )
    ]
    if not math.isnan(a.turns):
        per = f", × {number(a.per_turn)} a turn" if not math.isnan(a.per_turn) else ""
        found.append(Row("turns about the equilibrium", f"{number(a.turns)}{per}", f"in {a.steps:,} steps"))
    if local is not None and not math.isnan(local.rate):
        meaning = "a deviation's factor a step by this method; above 1 the equilibrium is not stable"
        found.append(Row("multiplier at the equilibrium", f"{local.rate:.6g}", meaning))
    return found


def _path(diagnosis: "Diagnosis", steps: int) -> list[Row]:
    """The field's norm along the path, and the path's shape."""
    t, (distance, curvature) = diagnosis.facts.trends, diagnosis.facts.fading
    assert t is not None
    found = [
        Row(
            "field norm ‖v‖",
            f"{number(t.field)}, × {number(t.field_factor)} ({number(t.field_low)} to {number(t.field_high)})",
            f"at the end, and its change along {steps:,} steps with a 95% interval; it decides nothing alone",
        )
    ]
    if not math.isnan(distance):
        meaning = "Newton's step along the trial run, and ‖J‖: where a loss fades, both norms fall and this does not"
        found.append(Row("way to a stationary point", f"× {number(distance)}, ‖J‖ × {number(curvature)}", meaning))
    moved = " and ".join(f"{number(each)} times" for each in t.moved_by)
    return [
        *found,
        Row("players moved", moved, "generator's and discriminator's path, in units of their size"),
        Row("path: straightness", number(t.straightness), "net displacement over length: 1 is a straight line"),
        Row("path: returned", number(t.returned), "how far it comes back to where it was: 1 closes, 0 only goes on"),
        Row("path: turns", number(t.turns), "windings about its mean, in its plane of most movement"),
        Row("path: width", f"× {number(t.contraction)}", "last third over first: below 1 it draws together"),
        Row("path: spread", number(t.spread), "0 stays near, 1 diffuses, 2 goes straight on"),
        Row("path: persistence", number(t.persistence), "cosine between successive steps: 1 keeps its direction"),
        Row("losses", " and ".join(map(signed, t.losses)), "their change, generator's and discriminator's"),
    ]


def _samples(q: SampleQuality) -> list[Row]:
    """What is known of a GAN's samples."""
    found = []
    if q.counts_modes:
        near = f"{percent(q.covered)}, with {percent(min(q.precise, 1.0))} near one"
        found.append(Row("modes covered", near, "share of the modes, and of samples at the better records"))
        if q.visited > q.held:
            found.append(Row("modes visited", f"{q.visited}, {q.held} at once", "the samples go from mode to mode"))
    else:
        perfect, untrained = map(number, (q.references.perfect, q.references.untrained))
        meaning = f"sliced Wasserstein; a perfect sampler's {perfect}, an untrained generator's {untrained}"
        found.append(Row("samples' distance", number(q.value), meaning))
        if not math.isnan(q.covered):
            both = f"{percent(q.covered)} and {percent(q.precise)}"
            found.append(Row("coverage and precision", both, "real samples near a generated one, generated near real"))
    change = f"{number(q.shortfall)}, {signed(-q.gain)} ({signed(-q.high)} to {signed(-q.low)})"
    found.append(
        Row("shortfall", change, "0 is a perfect sampler, 1 an untrained generator; and its change, 95% interval")
    )
    held = f"{number(q.best)}; nine tenths below {number(q.worst)}"
    found.append(Row("shortfall before", held, "the least held before, and over the later half of the record"))
    if not math.isnan(q.scale):
        sizes = f"{number(q.scale)} and {number(q.spread)}"
        found.append(Row("samples' size and spread", sizes, "root mean square, over the real ones'"))
    if not math.isnan(q.separation):
        told = "real above generated: 50% cannot tell, 100% is certain"
        found.append(Row("discriminator is right", f"{q.separation:.1%}", told))
    return found


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
    if e.multipliers is not None and not math.isnan(e.multipliers.rate):
        m = e.multipliers
        meaning = "a deviation's factor a step, by this very method; above 1 it grows"
        if m.frozen:
            meaning += f" (second moments that are zero were held: {m.frozen:,})"
        found.append(Row("multiplier of the update", f"{m.rate:.6g}", meaning))
    if e.kind is not None:
        found.append(Row("kind of point", e.kind.word, e.kind.because))
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


def conclusion(diagnosis: "Diagnosis") -> str:
    """The conclusion of a diagnosis: what to do, in a sentence."""
    word = diagnosis.verdict.word
    if diagnosis.verdict.clear:
        return "Nothing to change." if word is Outcome.ARRIVED else "Nothing to change yet: train on, and look again."
    if word is Outcome.UNDECIDED:
        return "Nothing is concluded yet: give more steps, or record more often."
    if word in (Outcome.ARRIVED, Outcome.CONVERGING):
        return "Whether all is well the field alone cannot tell: measure samples, or give the game an equilibrium()."
    if diagnosis.verifications is None:
        count = len(diagnosis.candidates)
        return f"{count} candidates, not recommendations: none was tried. Verifying trains with and without each."
    if not diagnosis.recommendations:
        return "No candidate was confirmed by training: nothing is recommended."
    best = diagnosis.recommendations[0]
    on = f"{best.checkpoints} independently trained checkpoints" if best.checkpoints > 1 else "this checkpoint only"
    return f"Recommended, for training confirmed it on {on}: {best.candidate.name}."


def ending(diagnosis: "Diagnosis") -> list[tuple[str, str]]:
    """What a diagnosis ends with: what happens, why, what to change and how sure it is, a heading and a text each."""
    found = explanation(diagnosis.verdict)
    parts = [("why", found.why), ("it could also be", f"{found.otherwise}."), ("what to change", conclusion(diagnosis))]
    if diagnosis.recommendations:
        best = change(diagnosis, diagnosis.recommendations[0].candidate)
        parts += [("command", best.command)] if best.command else []
        parts += [("in Python", best.python)]
    return [*parts, ("how sure", certainty(diagnosis.verdict, diagnosis.facts)), *_worth(diagnosis)]


def _worth(diagnosis: "Diagnosis") -> list[tuple[str, str]]:
    """What trials of advice on samples were worth in the study `forecast`, where there is advice that was tried."""
    tried = [each for each in diagnosis.verifications or () if each.measure == "shortfall"]
    known = trials()
    if not tried or known is None:
        return []
    return [("how sure is advice", f"In the study forecast, {known}.")]


def summary(diagnosis: "Diagnosis") -> str:
    """The whole diagnosis as plain text."""
    lines = [f"{diagnosis.verdict.word}: {diagnosis.verdict.because}", ""]
    table = rows(diagnosis)
    width = max((len(row.name) for row in table), default=0)
    lines += [f"  {row.name:<{width}}  {row.value}   ({row.meaning})" for row in table]
    lines += [f"  not computed: {text}" for text in diagnosis.evidence.missing]
    lines += [f"  note: {text}" for text in diagnosis.evidence.remarks]
    lines += ["", *(f"  {status}: {name}: {text}" for status, name, text in advice(diagnosis)), ""]
    return "\n".join([*lines, *(f"{name}: {text}" for name, text in ending(diagnosis))])
