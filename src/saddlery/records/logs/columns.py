"""Columns of a log by their names: which are a player's loss or its gradient's norm, and which counts the steps."""

import re
from collections.abc import Mapping, Sequence

from saddlery.errors import InvalidValue
from saddlery.text.arguments import plain, quoted
from saddlery.text.names import nearest

PLAYERS = {
    "generator": {"g", "gen", "generator", "generators", "ae", "autoencoder"},
    "discriminator": {"d", "dis", "disc", "discr", "discriminator", "discriminators", "critic"},
}
LOSSES = {"loss", "losses", "err", "error", "cost"}
NORMS = {"norm", "norms"}
GRADIENTS = {"grad", "grads", "gradient", "gradients"}
AVERAGES = {"avg", "average", "mean", "ema", "smooth", "smoothed", "running", "epoch"}  # give way to what they are of
TOTALS = {"total", "all", "sum"}  # go before a part, since they are what is minimised
NEUTRAL = {"train", "training", "trainer", "step", "batch", "iter", "net", "model", "scalar", "scalars", "metric",
           "metrics", "log", "logs", "stats", "value"}  # fmt: skip
STEPS = {"step": 0, "steps": 0, "iteration": 1, "iterations": 1, "iter": 1, "iters": 1, "it": 1, "itr": 1, "update": 2,
         "updates": 2, "batch": 3, "batches": 3}  # fmt: skip
OTHER_COUNTS = {"epoch": 4, "epochs": 4, "kimg": 5, "tick": 6}  # that are no steps
BESIDE_STEPS = {"train", "training", "trainer", "global", "total", "n", "num", "number", "cur", "current", "done"}
SERIES = tuple(f"{player}_{what}" for what in ("loss", "norm") for player in PLAYERS)
OPTIONS = {name: f"--{name.replace('_', '-')}" for name in SERIES} | {"step": "--step-column"}
NAMED = 12  # columns in an error, and characters of the name of one
LONGEST = 60


def words(name: str) -> list[str]:
    """The words of a column's name in small letters; one that is a player's and a loss's is two.

    >>> words("Loss/G/loss"), words("errD"), words("train/aeloss_step")
    (['loss', 'g', 'loss'], ['err', 'd'], ['train', 'ae', 'loss', 'step'])
    """
    found = re.findall(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_A-Za-z]+", name[:1000])
    return [part for word in found for part in _apart(word.lower())]


def _apart(word: str) -> list[str]:
    """The parts of a word that is a player's and a loss's, such as `gloss`."""
    if word == "gradnorm":
        return ["grad", "norm"]
    players = set().union(*PLAYERS.values())
    for at in range(1, len(word)):
        parts = [word[:at], word[at:]]
        if (parts[0] in players and parts[1] in LOSSES) or (parts[1] in players and parts[0] in LOSSES):
            return parts
    return [word]


def series_of(name: str) -> str:
    """Which of `SERIES` a column is by its name; empty for any other, such as a part of a loss.

    >>> [series_of(name) for name in ("g_loss", "Loss_D", "grad_norm_g", "loss/g/total", "d_loss_real", "val/g_loss")]
    ['generator_loss', 'discriminator_loss', 'generator_norm', 'generator_loss', '', '']
    """
    held = {*words(name)}
    of = [player for player, called in PLAYERS.items() if held & called]
    if len(of) != 1:
        return ""
    left = held - PLAYERS[of[0]] - AVERAGES - TOTALS - NEUTRAL
    if left and left <= LOSSES:
        return f"{of[0]}_loss"
    return f"{of[0]}_norm" if left & NORMS and left <= NORMS | GRADIENTS else ""


def rank_of_steps(name: str) -> tuple[int, int] | None:
    """How well a column serves as the count of steps, less being better; `None` for one that does not.

    >>> sorted(["epoch", "step", "trainer/global_step"], key=rank_of_steps)
    ['trainer/global_step', 'step', 'epoch']
    """
    held = words(name)
    counts = STEPS | OTHER_COUNTS
    of = [counts[word] for word in held if word in counts]
    if not of or not {*held} <= {*counts} | BESIDE_STEPS:
        return None
    return max(of), 0 if "global" in held else 1


def counted_by(name: str) -> str:
    """What a column counts: `"steps"`, or its name where it counts something else, such as epochs.

    >>> counted_by("Step"), counted_by("epoch")
    ('steps', 'epoch')
    """
    held = {*words(name)}
    return "steps" if held & {*STEPS} and not held & {*OTHER_COUNTS} else name


def chosen(names: Sequence[str], asked: Mapping[str, str], where: str) -> dict[str, int]:
    """The places of the columns that are `SERIES`, by what they are; those that were asked for by name go before.

        >>> chosen(["step", "g_loss", "d_loss", "lr"], {}, "losses.csv")
        {'generator_loss': 1, 'discriminator_loss': 2}

    **Arguments:** `asked`: names of columns by what they are; `where`: the file, for errors.

    **Raises:** `ValueError` when there is none, for a name that is not there, and when several columns could be one.
    """
    found = {what: place(names, name, what, where) for what, name in asked.items() if what in SERIES}
    by_name: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        if (what := series_of(name)) and what not in found and i not in found.values():
            by_name.setdefault(what, []).append(i)
    found |= {what: _one(what, names, places, where) for what, places in by_name.items()}
    if not found:
        raise InvalidValue(
            f"{where} has no column that is known as a player's loss or the norm of its gradient; it has "
            f"{listed(names)}; name them, such as {OPTIONS['generator_loss']} NAME {OPTIONS['discriminator_loss']} NAME"
        )
    return {what: found[what] for what in SERIES if what in found}


def place(names: Sequence[str], name: str, what: str, where: str) -> int:
    """The place of a column that was asked for by name, whatever its letters' case where that tells no two apart.

    **Raises:** `ValueError` when there is none, or several.
    """
    exact = [i for i, each in enumerate(names) if each == name]
    found = exact or [i for i, each in enumerate(names) if each.lower() == name.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        raise InvalidValue(f"{OPTIONS[what]}: {where} has {len(found)} columns called {quoted(name)}; rename one")
    if len(names) > NAMED:
        close = nearest("column", name, names).partition(" Allowed:")[0].removesuffix(".")
        raise InvalidValue(f"{OPTIONS[what]}: {where}: {plain(close, 200)}; it has {listed(names)}")
    raise InvalidValue(f"{OPTIONS[what]}: {where} has no column {quoted(name)}; it has {listed(names)}")


def place_of_steps(names: Sequence[str], asked: Mapping[str, str], where: str) -> int | None:
    """The place of the column that counts steps; `None` where there is none.

    **Raises:** `ValueError` for a name that is not there, and when two serve as well.
    """
    if "step" in asked:
        return place(names, asked["step"], "step", where)
    ranked = {i: rank for i, name in enumerate(names) if (rank := rank_of_steps(name)) is not None}
    best = [i for i, rank in ranked.items() if rank == min(ranked.values())]
    if len(best) > 1:
        raise _ambiguous("step", names, best, where)
    return best[0] if best else None


def run_of(runs: Sequence[str], run: str | None, where: str) -> str:
    """The run that was chosen of those that a log holds, or the only one; empty where there is none.

    **Raises:** `ValueError` for one that is not there, and where there are several and none was chosen.
    """
    if run is not None and run not in runs:
        there = f"it has {listed(runs)}" if any(runs) and [*runs] != ["."] else "it is of one"
        raise InvalidValue(f"--run: {where} holds no run {quoted(run)}; {there}")
    if run is None and len(runs) > 1:
        raise InvalidValue(
            f"{where} holds {len(runs)} runs: {listed(runs)}; choose one: --run {quoted(runs[0], LONGEST)}"
        )
    return run or (runs[0] if runs else "")


def _one(what: str, names: Sequence[str], places: list[int], where: str) -> int:
    """The one of several columns that could be the same: a total rather than a part, a step's rather than an average's.

    **Raises:** `ValueError` when several are left.
    """
    for these in (lambda held: bool(held & TOTALS), lambda held: not held & AVERAGES):
        if len(places) > 1 and (kept := [i for i in places if these({*words(names[i])})]):
            places = kept
    if len(places) > 1:
        raise _ambiguous(what, names, places, where)
    return places[0]


def _ambiguous(what: str, names: Sequence[str], places: Sequence[int], where: str) -> InvalidValue:
    player, _, of = what.partition("_")
    called = "the steps" if what == "step" else f"the {player}'s {'loss' if of == 'loss' else 'gradient norm'}"
    several = listed([names[i] for i in places])
    return InvalidValue(
        f"{where} has several columns that could be {called}: {several}; choose one: {OPTIONS[what]} "
        f"{quoted(names[places[0]], LONGEST)}"
    )


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """Names in a line, the first of them where they are many.

    >>> listed(["a", "b", "c"], 2)
    'a, b and 1 more'
    """
    shown = ", ".join(plain(name, LONGEST) or "(without a name)" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown
