"""Findings on results in plain words, computed from the data."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.alarms import ALARMS
from saddlery.analysis.measures import measured
from saddlery.analysis.numbers import exact, number, percent
from saddlery.analysis.outcome import MEANINGS, Outcome, tone
from saddlery.analysis.outcomes import counted, near_modes, unknown, untrained
from saddlery.analysis.rung import in_experiment
from saddlery.analysis.seeds import diverged, drawable, last, median_seeds, unfinished
from saddlery.report.finding import Finding


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The main findings: the outcome of each run in the words of every verdict, its numbers, and what it cost."""
    found = _outcomes(dataset)
    if "modes" in dataset:
        found += [*_modes(dataset), *_moving(dataset)]
    elif "sliced_wasserstein" in dataset:
        found += _least(dataset, "sliced_wasserstein", "Closest to the data", "sliced Wasserstein distance")
    elif "generator_norm" in dataset and not _watched(dataset):
        found += _least(dataset, "generator_norm", "Smallest gradient", "norm of the generator's gradient")
    return [*found, *_alarms(dataset), *_unfinished(dataset), *_cost(dataset)]


def _watched(dataset: xr.Dataset) -> bool:
    """Whether it is a training in PyTorch, of which a watch has what its loop told."""
    return "ignore" in dataset.attrs


def extent(dataset: xr.Dataset) -> str:
    """The size of the experiment in words, in a line."""
    settings, seeds = dataset.sizes["setting"], dataset.sizes["seed"]
    what = "method" if len(np.unique(dataset["method"].values)) == settings else "setting"
    parts = [
        f"{settings} {what}{'' if settings == 1 else 's'}",
        f"{seeds} {'seed' if seeds == 1 else 'seeds'} each",
        f"{int(dataset['step'].values[-1]):,} steps",
    ]
    if "samples_measured" in dataset.attrs and measured(dataset, "quality"):
        parts.append(f"measured on {int(dataset.attrs['samples_measured']):,} samples")
    return ", ".join(parts)


def _outcomes(dataset: xr.Dataset) -> list[Finding]:
    """The outcomes of the runs, a finding each, in the words of `Outcome` and with what the word means."""
    found = []
    for word, counts in counted(dataset).items():
        if word is Outcome.UNDECIDED and unknown(dataset):
            continue  # a game without samples: its records say nothing of quality, and no word is said
        text, numbers = _tally(dataset, counts), _counted(dataset, counts)
        if word is Outcome.DIVERGING and (lost := diverged(dataset).values).any():
            first = int(dataset["diverged_at"].transpose("setting", "seed").values[lost].min())
            text, numbers = (
                f"{_tally(dataset, counts, rest=False)} The first left the finite numbers at step {first:,}.",
                numbers | {"step": first},
            )
        found.append(Finding(word.capitalize(), f"{text} That is, {MEANINGS[word]}.", tone(word), numbers))
    return found


def _modes(dataset: xr.Dataset) -> list[Finding]:
    """Which settings cover all modes, and how much of what they draw is near one: neither says much alone."""
    total = facts.shared(dataset, "modes_total")
    full = (last(dataset, "modes") >= facts.along(dataset, "modes_total")).sum("seed").values
    covered = "Covered all modes" if total is None else f"Covered all {total:.0f} modes"
    found = [Finding(covered, _tally(dataset, full), "plain", _counted(dataset, full))]
    if "high_quality" in dataset:
        shares = last(dataset, "high_quality").median("seed").values.tolist()
        known = [(name, share) for name, share in zip(dataset["setting"].values, shares, strict=True) if share == share]
        known += [("a perfect sampler", share) for share in facts.distinct(dataset, "perfect_high_quality")]
        begun = untrained(dataset, "high_quality")
        known += [("an untrained generator", float(np.median(begun)))] if np.isfinite(begun).all() else []
        text = ", ".join(f"{name} {percent(share)}" for name, share in known)
        found.append(Finding("Samples near a mode", f"{text}.", "plain", {"shares": [share for _, share in known]}))
    return found


def _moving(dataset: xr.Dataset) -> list[Finding]:
    """Settings whose median seed missed modes while its samples went from mode to mode: at more than ever at once.

    The samples are at a mode when half of its fair share of them, or more, is within three standard deviations.
    """
    if drawable(dataset) != "mixture" or not facts.has(dataset, "mode_std"):
        return []
    missing = (last(dataset, "modes") < facts.along(dataset, "modes_total") / 2).values
    late, std = slice(dataset.sizes["step"] // 2, None), facts.along(dataset, "mode_std").values
    parts, numbers = [], []
    for i, seed in enumerate(median_seeds(dataset)):
        if not missing[i, seed]:
            continue
        samples = dataset["samples"].isel(setting=i, seed=seed, step=late).values
        centres = facts.of(dataset, "centres", i)
        share = near_modes(samples, centres, std[i]) / samples.shape[1]
        there = share >= 1 / np.isfinite(centres).all(-1).sum() / 2  # (record, mode)
        held, visited = there.sum(-1).max(), there.any(0).sum()
        if visited > held:
            name = dataset["setting"].values[i]
            parts.append(f"{name} was at {visited} different modes, never at more than {held} at once")
            numbers += [visited, held]
    if not parts:
        return []
    text = f"In the second half of training the median seed of {'; of '.join(parts)}."
    return [Finding("Kept moving", text, "bad", {"modes": numbers})]


def _least(dataset: xr.Dataset, name: str, subject: str, what: str) -> list[Finding]:
    """The settings in the order of a variable that ought to be small, beside a perfect sampler's value."""
    medians = last(dataset, name).median("seed").values.tolist()
    perfect = facts.along(dataset, f"perfect_{name}").values
    ratios, parts = [each / one if one > 0 else np.nan for each, one in zip(medians, perfect, strict=True)], []
    for i in np.argsort(medians):
        if np.isfinite(medians[i]):
            ratio = f", {number(ratios[i])} times a perfect sampler's" if perfect[i] > 0 else ""
            parts.append(f"{dataset['setting'].values[i]} at {number(medians[i])}{ratio}")
    text = f"By the median {what} at the end: {'; '.join(parts)}." if parts else "No seed reached the end."
    numbers = {name: medians, "times a perfect sampler's": ratios}
    begun = untrained(dataset, name)
    if parts and np.isfinite(perfect).any() and np.isfinite(begun).all():
        numbers["untrained"] = float(np.median(begun))
        text += f" An untrained generator's is {number(numbers['untrained'])}."
    return [Finding(subject, text, "plain" if parts else "bad", numbers)]


def _alarms(dataset: xr.Dataset) -> list[Finding]:
    """The alarms that rang, with how often each is false; none of a game without samples, where none was measured.

    Of a training that was watched in PyTorch, which is one with samples, all but those that its watch ignored.
    """
    if unknown(dataset) and not _watched(dataset):
        return []
    found, ignored = [], str(dataset.attrs.get("ignore", "")).split()
    for code, since in in_experiment(dataset).items():
        if code in ignored:
            continue
        alarm, rang = ALARMS[code], np.isfinite(since)
        counts, step = rang.sum(1), round(float(np.median(since[rang])))
        text = (
            f"{code}, {alarm.words}: {_tally(dataset, counts, rest=False)} "
            f"{'In the middle of these since' if counts.sum() > 1 else 'Since'} step {exact(step)}. It {alarm.rate}."
        )
        numbers = _counted(dataset, counts) | {"step": step, "code": code}
        found.append(Finding("Alarm", text, "bad", numbers | {"false": alarm.false_alarms}))
    return found


def _unfinished(dataset: xr.Dataset) -> list[Finding]:
    """Seeds that were stopped before the end."""
    missing = unfinished(dataset).sum("seed").values
    text = _tally(dataset, missing)
    return [Finding("No last record", text, "plain", _counted(dataset, missing))] if missing.any() else []


def _cost(dataset: xr.Dataset) -> list[Finding]:
    """Time of a step relative to the quickest setting's."""
    rates = dataset["steps_per_second"].astype(float).median("seed").values
    if len(rates) < 2 or not (np.isfinite(rates) & (rates > 0)).all():
        return []
    quickest = int(rates.argmax())
    names = dataset["setting"].values
    times = rates[quickest] / rates
    text = f"{names[quickest]} was the quickest, at {number(float(rates[quickest]))} steps per second."
    rest = [i for i in np.argsort(-rates) if i != quickest]
    same = [str(names[i]) for i in rest if number(times[i]) == "1"]
    slower = [f"{names[i]} {number(times[i])} times" for i in rest if number(times[i]) != "1"]
    text += f" {joined(same)} took as long." if same else ""
    text += f" A step takes {', '.join([f'{slower[0]} as long', *slower[1:]])}." if slower else ""
    return [Finding("Cost", text, "plain", {"steps per second": rates, "times as long": times})]


def _counted(dataset: xr.Dataset, counts: np.ndarray) -> dict[str, Any]:
    """The numbers of a tally."""
    return {"seeds in each": counts, "seeds": dataset.sizes["seed"]}


def _tally(dataset: xr.Dataset, counts: np.ndarray, rest: bool = True) -> str:
    """How many seeds of each setting: `unrolled in 4 of 4 seeds, consensus in 3; simultaneous in none.`"""
    seeds, names = dataset.sizes["seed"], [str(name) for name in dataset["setting"].values]
    some = [i for i in np.argsort(-counts, kind="stable") if counts[i] > 0]
    none = [name for name, count in zip(names, counts, strict=True) if count == 0]
    if not some:
        return "No seed."
    of = f" of {seeds}"
    words = f"{of} {'seed' if seeds == 1 else 'seeds'}"
    parts = [f"{names[i]} in {counts[i]}{words if i == some[0] else of}" for i in some]
    return f"{', '.join(parts)}{f'; {joined(none)} in none' if none and rest else ''}."


def joined(words: Sequence[str]) -> str:
    """Words in a row.

    >>> joined(["a"]), joined(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
