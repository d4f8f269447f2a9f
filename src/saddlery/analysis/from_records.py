"""What records of losses and norms say of a training without its game: the facts, the verdict, and what they cannot."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis.explanation import certainty, explanation
from saddlery.analysis.numbers import number, percent
from saddlery.analysis.outcome import Facts, Outcome, Verdict
from saddlery.analysis.record import Record, facts
from saddlery.analysis.row import Row
from saddlery.analysis.series_rows import WORDS, ended, lately
from saddlery.analysis.trends import LEAST
from saddlery.analysis.verdict import verdict
from saddlery.analysis.verdict_of_samples import FAINT
from saddlery.records.logs.series import Series, common

LARGE = 100.0  # lately, of what grows without bound: what was next to nothing may have grown much and be small
GREW = 10.0  # times by which losses or norms have grown, to be said
ELSEWHERE = (
    "alarms were measured on runs of 4,000 steps of small games: elsewhere one may be false more often, and a training "
    "without one may still fail"
)


class FromRecords(NamedTuple):
    """What records alone say of a training.

    - `heading`: what was read, in lines. `verdict`: diverging, stalled (of a watched training), or undecided: that all
      is well, or that samples have collapsed, no record of losses and norms can say.
    - `rows`: what was measured. `remarks`: what else is to be said of it.
    - `cannot`: what the records cannot say, and what would.
    - `why`, `otherwise`: of a verdict that is one, a likely reason, and what could be another. `sure`: how sure it is.
    """

    heading: list[str]
    verdict: Verdict
    rows: list[Row]
    remarks: list[str]
    cannot: list[tuple[str, str]]
    why: str
    otherwise: str
    sure: str

    def __str__(self) -> str:
        lines = [*self.heading, f"{self.verdict.word}: {self.verdict.because}"]
        lines += [f"  {row.name}: {row.value} ({row.meaning})" for row in self.rows]
        lines += [f"  note: {text}" for text in self.remarks]
        lines += [f"  {name}: {text}" for name, text in ending(self)]
        return "\n".join([*lines, "What it cannot say:", *(f"  {what}: {needs}" for what, needs in self.cannot)])


def ending(found: FromRecords) -> list[tuple[str, str]]:
    """What comes after the table: why, what it could also be, and how sure that is."""
    parts = [("why", found.why), ("it could also be", f"{found.otherwise}.")] if found.why else []
    return [*parts, ("how sure", found.sure)]


def dataset(series: Mapping[str, Series]) -> xr.Dataset:
    """Series on common steps; NaN where one has none."""
    steps = common(series.values())
    found = {}
    for name, each in series.items():
        found[name] = np.full(len(steps), np.nan)
        found[name][np.searchsorted(steps, each.steps)] = each.values
    return xr.Dataset({name: ("step", each) for name, each in found.items()}, {"step": steps})


def facts_of(series: Mapping[str, Series]) -> Facts:
    """The facts of a verdict: the later half of a record beside the half before, and where it left the finite."""
    whole = dataset(series)
    half = max(0, min(len(whole["step"]) // 2, len(whole["step"]) - LEAST))
    before = whole.isel(step=slice(0, half)) if half else None
    lost = _lost(series)
    left = -1 if lost is None else int(series[lost].steps[ended(np.isfinite(series[lost].values))])
    return facts(Record(whole.isel(step=slice(half, None)), before, diverged_at=left))


def _lost(series: Mapping[str, Series]) -> str | None:
    """The series that is the first not to be finite any more."""
    left = {
        name: each.steps[at]
        for name, each in series.items()
        if (at := ended(np.isfinite(each.values))) < len(each.steps)
    }
    return min(left, key=lambda name: left[name], default=None)


def verdict_of_series(series: Mapping[str, Series], known: Facts, unit: str = "step") -> Verdict:
    """The verdict on losses and norms alone: diverging, by the rules of every verdict, or undecided."""
    lost = _lost(series)
    if lost is not None:
        steps, at = series[lost].steps, ended(np.isfinite(series[lost].values))
        last = f"its last {len(steps) - at:,} records" if len(steps) - at > 1 else "its last record"
        return Verdict(Outcome.DIVERGING, f"the {WORDS[lost]} is not finite from {unit} {steps[at]:,} on, {last}")
    if (found := diverging(series, known)) is not None:
        return found
    finite = all(np.isfinite(each.values).all() for each in series.values())
    kept = "every number is finite" if finite else "numbers are finite again"
    last = max(each.steps[-1] for each in series.values())
    return undecided(max(len(each.steps) for each in series.values()), f"{kept} to {unit} {last:,}", _kinds(series))


def diverging(series: Mapping[str, Series], known: Facts) -> Verdict | None:
    """The verdict on what left the finite numbers, or grows without bound, by the rules of every verdict.

    Of records of unknown scale what grows must be large as well.
    """
    large = any(np.median(np.abs(lately(values))) >= LARGE for each in series.values() if len(values := _finite(each)))
    found = verdict(known._replace(growing=known.growing and large))
    return found if found.word is Outcome.DIVERGING else None


def _finite(series: Series) -> np.ndarray:
    return series.values[np.isfinite(series.values)]


def undecided(records: int, kept: str, what: str) -> Verdict:
    """The verdict where nothing went wrong that can be seen.

    **Arguments:** `kept`: what stayed finite, up to where; `what`: what does not tell more.
    """
    if records < LEAST:
        return Verdict(Outcome.UNDECIDED, f"it is too early: {counted(records)}, {LEAST} are needed")
    return Verdict(
        Outcome.UNDECIDED,
        f"{kept}, and no loss or norm on record grows without bound; {what} do not tell whether training goes well",
    )


def counted(records: int) -> str:
    """How many records there are, in words.

    >>> counted(1), counted(2000)
    ('1 record', '2,000 records')
    """
    return f"{records:,} record{'s' if records != 1 else ''}"


def _kinds(series: Collection[str]) -> str:
    """What there is, losses or norms or both, in words."""
    kinds = [words for end, words in (("_loss", "losses"), ("_norm", "gradient norms")) if _ends(series, end)]
    return " and ".join(kinds)


def _ends(series: Collection[str], end: str) -> bool:
    return any(name.endswith(end) for name in series)


def reasons(found: Verdict, known: Facts) -> tuple[str, str, str]:
    """Why, what it could also be, and how sure that is; of no verdict only that it is none."""
    if found.word is Outcome.UNDECIDED:
        return "", "", "Nothing is concluded: how good the samples are was not measured."
    why, otherwise = explanation(found)
    if found.word is Outcome.STALLED:
        return why, otherwise, "It rests on the sizes of updates at the records, one step each."
    lost = known.diverged_at >= 0
    return why, otherwise, certainty(found, known) if lost else "It rests on losses and norms, which still grow."


def fading(known: Facts) -> list[Row]:
    """The row that says whether the generator's gradient fades; none where its norm is not known."""
    if not np.isfinite(known.faint):
        return []
    meaning = "median of the later half over the largest on record"
    if known.faint <= FAINT:
        said = "it has faded: there is little left to learn, or the generator is no longer told how, which samples show"
    else:
        said = f"it has not faded, which would be {percent(FAINT)} or less"
    return [Row("generator's gradient, of its largest", percent(known.faint), f"{meaning}: {said}")]


def growth(known: Facts) -> list[Row]:
    """The row that says that losses or norms have grown; none where they have not by much."""
    if not known.growth >= GREW:
        return []
    still = "it still grows" if known.growing else "it grows no more"
    meaning = f"of the loss or norm that grew most, its size lately over that in the first quarter: {still}"
    return [Row("growth", f"× {number(known.growth)}", meaning)]


Known = Collection[str]
CANNOT: Sequence[tuple[Callable[[Known], bool], str, str]] = (
    (lambda known: True, "how good the samples are", "measure them beside real ones, as by saddlery.metrics"),
    (lambda known: "spread" not in known, "whether samples are diverse or have collapsed",
     "watch.note(samples=…, real=…)"),
    (lambda known: "separation" not in known, "whether the discriminator tells real samples from generated ones",
     "watch.note(real_logits=…, generated_logits=…)"),
    (lambda known: "generator_update" not in known, "which player is too fast for the other",
     "the sizes of updates, which saddlery.torch.watch records"),
    (lambda known: "generator_norm" not in known, "whether the generator's gradient fades",
     "a column generator_norm, or saddlery.torch.watch"),
    (lambda known: "generator_loss" not in known, "what the generator's loss does",
     "a column generator_loss, or watch.note(generator_loss=…)"),
    (lambda known: "discriminator_loss" not in known, "what the discriminator's loss does",
     "a column discriminator_loss, or watch.note(discriminator_loss=…)"),
    (lambda known: "path_returned" not in known, "whether the players come back to where they were",
     "where they are, which saddlery.torch.watch records in brief"),
    (lambda known: "turning" not in known, "whether the players push each other round",
     "both losses as functions: watch.curvature(losses, every=…)"),
    (lambda known: "departure" not in known, "whether this is usual for a training such as this",
     "records of one that went well: watch.reference(FOLDER)"),
    (lambda known: True, "whether the losses are written right", "saddlery.torch.check"),
    (lambda known: True, "what would help", "watch.compare(changes, step, batches), which trains on with and without"),
)  # fmt: skip


def cannot_say(known: Known) -> list[tuple[str, str]]:
    """What records cannot say, and what would, by the names of what was recorded.

    >>> ("whether the generator's gradient fades" in dict(cannot_say({"generator_norm"})))
    False
    """
    return [(what, needs) for missing, what, needs in CANNOT if missing(known)]
