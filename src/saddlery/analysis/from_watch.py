"""What the records of a training that was watched in PyTorch say of it, and what they cannot say."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from saddlery.analysis.alarms import ALARMS, EVERY, alike, apart
from saddlery.analysis.from_records import (
    ELSEWHERE,
    FromRecords,
    cannot_say,
    counted,
    diverging,
    facts_of,
    fading,
    growth,
    reasons,
    undecided,
)
from saddlery.analysis.numbers import number, percent
from saddlery.analysis.outcome import Facts, Outcome, Verdict
from saddlery.analysis.row import AlarmRows, Row, alarm_row, silent_row
from saddlery.analysis.rung import in_history
from saddlery.analysis.series_rows import WORDS, lately, rows_of
from saddlery.analysis.signals import SPACED, signals
from saddlery.analysis.trends import LEAST
from saddlery.analysis.verdict_of_samples import HELD_UP
from saddlery.records.logs.series import Series
from saddlery.records.watched import UNNAMED
from saddlery.text.arguments import plain

PLAYERS = ("generator", "discriminator")
NOTED = {  # of what a loop noted: what it is called, how it is written, and what it means
    "spread": ("samples' spread", number, "root mean square distance from their mean, over the real ones'"),
    "nearest": ("samples' nearest neighbours", number, "distance to the nearest other sample, over the real ones'"),
    "separation": ("discriminator is right", percent, "real above generated: 50% cannot tell, 100% is certain"),
}
MOTION = {
    "path_straightness": ("path: straightness", "net displacement over length, of 8 records: 1 is a straight line"),
    "path_returned": (
        "path: returned",
        "how far it comes back to where it was, of 16 records: 1 closes, 0 only goes on",
    ),
}
MOST, LONGEST = 20, 300  # departures, and characters of one


def from_watch(records: xr.Dataset, report: Mapping[str, Any], where: str = "") -> FromRecords:
    """What a watched training's records say.

    **Arguments:** `records`: as of `saddlery.experiments.watched`, one setting and one seed along `step`; `report`:
    what stands in its `report.json`, as far as it does; `where`: the folder, as the heading has it.
    """
    held = records.isel(setting=0, seed=0)
    steps = held["step"].values
    series = {name: each for name in WORDS if name in held and len((each := _finite(held, name)).steps)}
    lost = int(held["diverged_at"])
    known = facts_of(series)._replace(diverged_at=lost) if series else Facts(diverged_at=lost)
    moved = {player: way for player in PLAYERS if not math.isnan(way := _moved(held, player))}
    departures = _departures(report)
    alarms = _alarms(held)
    rows = [*alarms.rang, *_lost_gradients(held, report)]
    rows += [row for name, each in series.items() for row in rows_of(name, *each)]
    before = held.isel(step=steps < lost) if lost >= 0 else held  # of players that are not finite nothing else is told
    if before.sizes["step"]:
        rows += [*fading(known), *growth(known), *_noted(before), *_players(before, moved), *_curvature(before)]
    rows += departures
    rows += [*alarms.silent, *alarms.unseen]
    found = _verdict(held, series, known, moved)
    there = {str(name) for name, each in held.data_vars.items() if each.dtype.kind in "fiu" and each.notnull().any()}
    there |= {"departure"} if departures or report.get("reference") is True else set()
    title = plain(records.attrs.get("title", UNNAMED), LONGEST)
    of = ", ".join(each for each in (where, title if title != UNNAMED else "", "watched in PyTorch") if each)
    heading = f"{of}: {counted(len(steps))}, {_extent(steps)}"
    return FromRecords(
        [heading], found, rows, _remarks(steps, alarms.looked), cannot_say(there), *reasons(found, known)
    )  # fmt: skip


def _extent(steps: np.ndarray) -> str:
    if len(steps) < 2:
        return f"step {steps[0]:,}"
    return f"steps {steps[0]:,} to {steps[-1]:,}, {number(apart(steps))} apart"


def _finite(held: xr.Dataset, name: str) -> Series:
    values = held[name].values.astype(float)
    known = np.isfinite(values)
    return Series(held["step"].values[known], values[known])


def _verdict(held: xr.Dataset, series: Mapping[str, Series], known: Facts, moved: Mapping[str, float]) -> Verdict:
    """The verdict: what is not finite or grows without bound, a player that hardly moves, or undecided."""
    steps = held["step"].values
    if (found := diverging(series, known)) is not None:
        return found
    for player, way in moved.items():
        if len(steps) >= LEAST and way < HELD_UP:
            because = f"the {player} hardly moves: by {percent(way)} of its size along the record"
            return Verdict(Outcome.STALLED, because, cause=player)
    again = any((_not_finite(held, player) > 0).any() for player in PLAYERS)
    kept = f"gradients {'are finite again' if again else 'were finite'} to step {steps[-1]:,}"
    return undecided(len(steps), kept, "these records")


def _moved(held: xr.Dataset, player: str) -> float:
    """The length of a player's path in units of its size, by the step at each record; NaN where it is not known."""
    if not {f"{player}_update", f"{player}_size"} <= {*held}:
        return math.nan
    updates, sizes = (_finite(held, f"{player}_{what}") for what in ("update", "size"))
    if not len(updates.steps) or not len(sizes.steps) or not sizes.values[0] > 0:
        return math.nan
    steps = held["step"].values
    return float(updates.values.mean() * (steps[-1] - steps[0]) / sizes.values[0])


def _alarms(held: xr.Dataset) -> AlarmRows:
    """The rows of alarms whose signals were recorded: since when each rang, that it did not, or why none was asked."""
    made = _signals(held)
    rang = {rung.alarm.code: rung for rung in in_history(held)}
    steps = held["step"].values
    found = AlarmRows([], [], [])
    ignored = str(held.attrs.get("ignore", "")).split()
    for code, alarm in ALARMS.items():
        if code in ignored or alarm.signal not in made or not np.isfinite(made[alarm.signal]).any():
            continue
        if code in rang:
            found.rang.append(alarm_row(rang[code]))
        elif alarm.signal in SPACED and not alike(steps):
            why = f"{alarm.words}: records are {number(apart(steps))} steps apart, {EVERY} in the study forecast"
            found.unseen.append(Row(f"alarm {code}", "not looked at", why))
        else:
            found.silent.append(silent_row(alarm))
    return found


def _remarks(steps: np.ndarray, looked: bool) -> list[str]:
    found = [ELSEWHERE] if looked else []
    if looked and len(steps) > 1 and not alike(steps):
        unlike = f"records are {number(apart(steps))} steps apart, {EVERY} in the study forecast"
        found.append(f"{unlike}: how often alarms are false was not measured there")
    return found


def _noted(held: xr.Dataset) -> list[Row]:
    """The rows of what the loop noted of samples and scores."""
    rows = []
    for name, (title, text, meaning) in NOTED.items():
        if name in held and len(values := _finite(held, name).values):
            first, last = (float(np.median(each)) for each in (values[: len(lately(values))], lately(values)))
            rows.append(Row(title, f"{text(first)} → {text(last)}", f"{meaning}; medians of the first and last sixth"))
    return rows


def _players(held: xr.Dataset, moved: Mapping[str, float]) -> list[Row]:
    """The rows of how the players moved: their steps, which is faster, and the shape of the path."""
    made = _signals(held)
    sizes = {player: step for player in PLAYERS if not math.isnan(step := _step(held, player))}
    meaning = "‖Δθ‖ over ‖θ‖ of a step, median of the later half"
    rows = [Row(f"{player}'s step", number(step), meaning) for player, step in sizes.items()]
    if len(sizes) == len(PLAYERS) and sizes["discriminator"] > 0:
        meaning = "the generator's over the discriminator's: above 1 the generator is the faster"
        rows.append(Row("balance of steps", f"× {number(sizes['generator'] / sizes['discriminator'])}", meaning))
    if len(moved) == len(PLAYERS):
        times = " and ".join(f"{number(way)} times" for way in moved.values())
        meaning = "generator's and discriminator's path, in units of their size, by the step at each record"
        rows.append(Row("players moved", times, meaning))
    for name, (title, meaning) in MOTION.items():
        if name in made and not math.isnan(value := _later(made[name])):
            rows.append(Row(title, number(value), meaning))
    return rows


def _step(held: xr.Dataset, player: str) -> float:
    """‖Δθ‖ over ‖θ‖ of a step, the median of the later half; NaN where it is not known."""
    if not {f"{player}_update", f"{player}_size"} <= {*held}:
        return math.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        return _later(held[f"{player}_update"].values / held[f"{player}_size"].values)


def _later(values: np.ndarray) -> float:
    """The median of the later half, of what is known there."""
    late = values[len(values) // 2 :]
    late = late[np.isfinite(late)]
    return float(np.median(late)) if len(late) else math.nan


def _curvature(held: xr.Dataset) -> list[Row]:
    """The rows of what the Jacobian does along the field, where it was measured last."""
    if "curvature_error" not in held:
        return []
    error = _finite(held, "curvature_error")
    if not len(error.steps):
        return []
    at, by = error.steps[-1], percent(float(error.values[-1]))
    turning = _finite(held, "turning") if "turning" in held else Series(np.zeros(0), np.zeros(0))
    if not len(turning.steps) or turning.steps[-1] != at:
        meaning = f"products differ by {by} between two steps of differences, at step {at:,}"
        return [Row("rotation along v", "not measurable", meaning)]
    rows = [
        Row(
            "rotation along v",
            f"{turning.values[-1]:.0%}",
            f"of what J does to v itself, at step {at:,}; products differ by {by} between two steps of differences",
        )
    ]
    if "growing" in held and len(growing := _finite(held, "growing").values):
        meaning = "largest real part over the largest magnitude of its Ritz values: above 0 deviations along it grow"
        rows.append(Row("growth along v", number(float(growing[-1])), meaning))
    return rows


def _departures(report: Mapping[str, Any]) -> list[Row]:
    """The rows of signals that are beyond those of a reference."""
    held = report.get("departures")
    texts = [plain(each, LONGEST) for each in held[:MOST] if isinstance(each, str)] if isinstance(held, list) else []
    return [Row("beyond the reference", text.partition(" ")[0], text) for text in texts]


def _lost_gradients(held: xr.Dataset, report: Mapping[str, Any]) -> list[Row]:
    """The rows of gradients that were not finite: how many, where first, and in which blocks."""
    places = report.get("not_finite")
    rows = []
    for player in PLAYERS:
        values = _not_finite(held, player)
        if not (values > 0).any():
            continue
        said = places.get(player) if isinstance(places, dict) else None
        where = f"in {percent(float(values.mean()))} of the steps"
        if isinstance(said, dict) and isinstance(said.get("step"), int):
            where += f", first at step {said['step']:,} in {plain(said.get('blocks', ''), LONGEST)}"
        value = f"at {(values > 0).sum():,} of {counted(len(values))}"
        rows.append(Row(f"{player}'s gradient, not finite", value, where))
    return rows


def _not_finite(held: xr.Dataset, player: str) -> np.ndarray:
    """The share of steps whose gradient was not finite, at each record that has one."""
    name = f"{player}_not_finite"
    return _finite(held, name).values if name in held else np.zeros(0)


def _signals(held: xr.Dataset) -> dict[str, np.ndarray]:
    return signals({str(name): each.values for name, each in held.data_vars.items() if each.dims == ("step",)})
