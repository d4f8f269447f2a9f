"""Signals of a training under way: dimensionless series, each a function of recorded arrays, whoever trained."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from saddlery.analysis.trends import cosines

Arrays = Mapping[str, np.ndarray]  # what was recorded, along its first axis the records

FIRST = 3  # records whose median is what norms start from
RECENT = 8  # records over which a path is looked at
MATRICES = ("field_krylov", "update_krylov")  # of each record one, of which signals are given the eigenvalues
TINY = 1e-30


class Signal(NamedTuple):
    """A signal: a dimensionless number of each record, made of that record and earlier ones alone.

    - `kind`: what it is of: `losses`, `norms`, `diversity`, `path` or `jacobian`; see `KINDS`.
    - `words`: what it is. `needs`: the recorded arrays that it is made of.
    - `of`: from these arrays, along records, to the signal, `(record,)`; NaN where there is none yet. Of `MATRICES` it
      is given the eigenvalues, `(record, k)`.
    """

    kind: str
    words: str
    needs: tuple[str, ...]
    of: Callable[..., np.ndarray]


def signals(record: Arrays) -> dict[str, np.ndarray]:
    """All signals that can be made of what was recorded, by name, `(record,)` each.

    Those of motion, whose positions are long, may be recorded themselves.

    >>> found = signals({"generator_loss": np.array([0.7, 0.7]), "discriminator_loss": np.array([1.4, 0.1])})
    >>> {name: each.round(2).tolist() for name, each in found.items()}
    {'generator_loss': [0.53, 0.53], 'discriminator_loss': [0.88, 0.1]}
    """
    with np.errstate(all="ignore"):
        given = {name: np.asarray(record[name], float) for name in NEEDED if name in record}
        given |= {name: ritz(each) for name, each in given.items() if name in MATRICES}
        made = {
            name: np.asarray(each.of(*(given[need] for need in each.needs)), float)
            for name, each in SIGNALS.items()
            if all(need in given for need in each.needs)
        }
        return {name: np.asarray(record[name], float) for name in SPACED if name in record} | made


def squashed(values: np.ndarray) -> np.ndarray:
    """sign(x) log(1 + |x|): as x where it is small, and finite sizes of what grows without bound.

    >>> squashed(np.array([0.0, np.e - 1, 1 - np.e])).tolist()
    [0.0, 1.0, -1.0]
    """
    return np.sign(values) * np.log1p(np.abs(values))


def since_start(values: np.ndarray) -> np.ndarray:
    """The logarithm of positive values over the median of the first three, of those so far.

    >>> since_start(np.array([1.0, 1.0, np.e])).tolist()
    [0.0, 0.0, 1.0]
    """
    begun = [_middle(values[: i + 1]) for i in range(min(len(values), FIRST))]
    return _log(values) - _log(np.array(begun + begun[-1:] * (len(values) - FIRST)))


def moved(positions: np.ndarray) -> np.ndarray:
    """How far each position, `(record, axis)`, is from the one before; NaN where there is none.

    >>> moved(np.array([[0.0], [3.0], [7.0]])).tolist()
    [nan, 3.0, 4.0]
    """
    found = np.full(len(positions), np.nan)
    found[1:] = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    return found


def straightness(positions: np.ndarray) -> np.ndarray:
    """The distance from the position 8 records ago, or the first, as a share of the way gone since.

    >>> straightness(np.array([[0.0], [1.0], [0.0], [1.0]])).round(2).tolist()
    [nan, 1.0, 0.0, 0.33]
    """
    steps, found = moved(positions), np.full(len(positions), np.nan)
    for i in range(1, len(positions)):
        begun = max(0, i - RECENT)
        way = steps[begun + 1 : i + 1].sum()
        found[i] = np.linalg.norm(positions[i] - positions[begun]) / way if way > 0 else np.nan
    return found


def persistence(positions: np.ndarray) -> np.ndarray:
    """The cosine between the last displacement and the one before it, between records.

    >>> persistence(np.array([[0.0], [1.0], [2.0], [1.0]])).tolist()
    [nan, nan, 1.0, -1.0]
    """
    steps, found = np.diff(positions, axis=0), np.full(len(positions), np.nan)
    found[2:] = cosines(steps, np.linalg.norm(steps, axis=1))
    return found


def returned(positions: np.ndarray) -> np.ndarray:
    """How far each position has come back: the greatest fall of the distance to earlier ones below its maximum so far.

    Going back in time over the last 16 records, as a share of that maximum: 1 where a path is closed, 0 where it only
    goes on.

        >>> returned(np.array([[0.0], [1.0], [2.0], [1.0], [0.5]])).round(2).tolist()
        [nan, nan, 0.0, 1.0, 0.67]
    """
    found = np.full(len(positions), np.nan)
    for i in range(2, len(positions)):
        away = np.linalg.norm(positions[max(0, i - 2 * RECENT) : i][::-1] - positions[i], axis=1)
        most = np.maximum.accumulate(away)
        found[i] = ((most - away) / np.maximum(most, TINY)).max()
    return found


def ritz(krylov: np.ndarray) -> np.ndarray:
    """The eigenvalues of each record's matrix, `(record, k)`; NaN where a matrix is not finite.

    >>> ritz(np.array([[[0.0, -2.0], [2.0, 0.0]]])).imag.round(3).tolist()
    [[2.0, -2.0]]
    """
    finite = np.isfinite(krylov).all((1, 2))
    found = np.full(krylov.shape[:2], complex(np.nan, np.nan))
    found[finite] = np.linalg.eigvals(krylov[finite])
    return found


def multiplier(values: np.ndarray) -> np.ndarray:
    """By how much the largest |μ| of the update exceeds 1, squashed: above 0 deviations grow from step to step.

    **Arguments:** `values`: Ritz values μ − 1.
    """
    return squashed(np.abs(1 + values).max(1) - 1)


def multiplier_turn(values: np.ndarray) -> np.ndarray:
    """|arg μ| / π of the multiplier with the largest modulus; `values` are as of `multiplier`."""
    found = 1 + values
    largest = np.abs(np.nan_to_num(found)).argmax(1)
    return np.abs(np.angle(np.take_along_axis(found, largest[:, None], 1)[:, 0])) / np.pi


def rotating(values: np.ndarray) -> np.ndarray:
    """Σ|Im λ| / Σ|λ| of Ritz values: 0 where nothing turns, 1 where nothing grows or decays."""
    return np.abs(np.imag(values)).sum(1) / np.maximum(np.abs(values).sum(1), TINY)


def growing(values: np.ndarray) -> np.ndarray:
    """The largest real part of Ritz values over the largest modulus: above 0 where a direction grows."""
    return np.real(values).max(1) / np.maximum(np.abs(values).max(1), TINY)


def sharpness(curvature: np.ndarray, update: np.ndarray, norm: np.ndarray) -> np.ndarray:
    """The curvature of a player's block along its gradient in units of its step, h ⟨v, Jv⟩/‖v‖², h = ‖Δθ‖/‖v‖.

    Below −2 a step of that length overshoots by more than it gains.
    """
    return squashed(curvature * update / np.maximum(norm, TINY))


def entangled(
    of_g: np.ndarray, of_d: np.ndarray, g: np.ndarray, d: np.ndarray, v_g: np.ndarray, v_d: np.ndarray
) -> np.ndarray:
    """log₁₀ of √(c_g c_d h_g h_d), by how much a step of one player changes the other's gradient, and back.

    **Arguments:** of the generator and the discriminator ‖J_qp v_p‖ / ‖v_p‖, c; ‖Δθ‖; and ‖v‖; h is ‖Δθ‖ / ‖v‖.
    """
    return 0.5 * _log(of_g * of_d * (g / np.maximum(v_g, TINY)) * (d / np.maximum(v_d, TINY))) / np.log(10)


def _middle(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _log(values: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(values, TINY))


def _relative(update: np.ndarray, size: np.ndarray) -> np.ndarray:
    return _log(update / np.maximum(size, TINY)) / np.log(10)


def _balance(g: np.ndarray, of_g: np.ndarray, d: np.ndarray, of_d: np.ndarray) -> np.ndarray:
    return _relative(g, of_g) - _relative(d, of_d)


def _motion(positions: np.ndarray, width: np.ndarray) -> np.ndarray:
    return _log(moved(positions) / np.maximum(width, TINY)) / np.log(10)


_OF = {"generator": "generator's", "discriminator": "discriminator's"}
_UPDATES = ("generator_update", "generator_size", "discriminator_update", "discriminator_size")
SIGNALS: dict[str, Signal] = {
    **{
        f"{name}_loss": Signal("losses", f"the {of} loss, squashed", (f"{name}_loss",), squashed)
        for name, of in _OF.items()
    },
    **{
        f"{name}_gradient": Signal(
            "norms", f"log of the {of} gradient norm over its first", (f"{name}_norm",), since_start
        )
        for name, of in _OF.items()
    },
    **{
        f"{name}_step": Signal(
            "norms", f"log₁₀ of the {of} ‖Δθ‖/‖θ‖ in a step", (f"{name}_update", f"{name}_size"), _relative
        )
        for name, of in _OF.items()
    },
    "balance": Signal("norms", "log₁₀ of the generator's ‖Δθ‖/‖θ‖ over the discriminator's", _UPDATES, _balance),
    "separation": Signal("norms", "how often the discriminator scores real above generated", ("separation",), np.copy),
    "gap": Signal("norms", "mean real score less mean generated, in deviations of all", ("gap",), np.copy),
    "spread": Signal("diversity", "log of the samples' spread over that of real ones", ("spread",), _log),
    "nearest": Signal("diversity", "log of the distance to the nearest sample over real ones'", ("nearest",), _log),
    "sample_motion": Signal(
        "diversity", "log₁₀ of how far samples moved since the last record, over the data's width",
        ("followed", "width"), _motion,
    ),
    "sample_straightness": Signal(
        "diversity", "how straight samples moved over the last 8 records", ("followed",), straightness
    ),
    "path_straightness": Signal(
        "path", "how straight the players moved over the last 8 records", ("sketch",), straightness
    ),
    "path_persistence": Signal("path", "cosine of the players' last two displacements", ("sketch",), persistence),
    "path_returned": Signal("path", "how far the players came back over the last 16 records", ("sketch",), returned),
    "turning": Signal("jacobian", "how much of what J does along v is rotation", ("turning",), np.copy),
    "rotating": Signal("jacobian", "Σ|Im λ|/Σ|λ| of Ritz values of J from v", ("field_krylov",), rotating),
    "growing": Signal("jacobian", "largest Re λ over largest |λ| of these Ritz values", ("field_krylov",), growing),
    "multiplier": Signal("jacobian", "largest |μ| − 1 of the update, squashed", ("update_krylov",), multiplier),
    "multiplier_turn": Signal("jacobian", "|arg μ|/π of that multiplier", ("update_krylov",), multiplier_turn),
    **{
        f"{name}_sharpness": Signal(
            "jacobian", f"curvature of the {of} block in units of its step, squashed",
            (f"{name}_curvature", f"{name}_update", f"{name}_norm"), sharpness,
        )
        for name, of in _OF.items()
    },
    "entangled": Signal(
        "jacobian", "log₁₀ of by how much a step of each turns the other's gradient",
        ("generator_coupling", "discriminator_coupling", "generator_update", "discriminator_update", "generator_norm",
         "discriminator_norm"), entangled,
    ),
}  # fmt: skip
NEEDED = tuple(dict.fromkeys(need for each in SIGNALS.values() for need in each.needs))
SPACED = tuple(  # of motion from record to record: how far apart these are makes a difference
    name for name, each in SIGNALS.items() if {"sketch", "followed"} & {*each.needs}
)
KINDS = {  # nested: each is measured beside all before it; what a record of it costs in gradients
    "losses": 0.5,
    "norms": 2.5,
    "diversity": 0.5,
    "path": 0.0,
    "jacobian": 36.0,
}
