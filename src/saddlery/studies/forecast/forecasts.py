"""Forecasts: each run's risk of failure at each look, from each set of signals, by models that never saw its kind."""

from collections.abc import Callable
from itertools import product
from typing import NamedTuple

import numpy as np
import xarray as xr
from threadpoolctl import threadpool_limits

from saddlery.studies.forecast.features import QUALITY, names_of, nested, of_settings, of_signals
from saddlery.studies.forecast.models import fitted, out_of_fold
from saddlery.studies.forecast.population import HELD_OUT

LOOKS = tuple(np.arange(1, 21) / 20)  # shares of a run at which it is looked at
TABLED = (0.05, 0.1, 0.25, 0.5)  # those at which sets are compared, and other games foretold
LEAST = 2  # records that a look has at least


class Signals(NamedTuple):
    """A set of signals: their names, and whether the settings are beside them."""

    names: tuple[str, ...]
    settings: bool = False


def sets() -> dict[str, Signals]:
    """The sets of signals that are compared, by what they are called.

    >>> list(sets())[:3]
    ['settings', 'losses', 'losses, settings']
    """
    found = {"settings": Signals((), True)}
    for kind, names in nested().items():
        found |= {kind: Signals(tuple(names)), f"{kind}, settings": Signals(tuple(names), True)}
    found["jacobian alone"] = Signals(tuple(names_of(["jacobian"])))
    found["path alone"] = Signals(tuple(names_of(["path"])))
    found["quality now"] = Signals(QUALITY)
    return found


def features(dataset: xr.Dataset, of: Signals, look: float) -> np.ndarray:
    """The features of a set at a look, `(run, feature)`, of the records up to there.

    **Arguments:** `look`: a share of the run.
    """
    steps = dataset["step"].values
    records = max(LEAST, int((steps <= look * steps[-1]).sum()))
    parts = [of_signals(dataset, of.names, records)]
    return np.concatenate(parts + ([of_settings(dataset)] if of.settings else []), axis=1)


def halves(dataset: xr.Dataset, key: int = 0) -> np.ndarray:
    """Which runs models are fitted to, `(run,)`: of each game half of the kinds, and of the held-out game none."""
    random, kinds, games = np.random.default_rng(key), dataset["kind"].values, dataset["game"].values
    found = np.zeros(len(kinds), bool)
    for game in np.unique(games):
        own = random.permutation(np.unique(kinds[games == game]))
        if game != HELD_OUT:
            found |= np.isin(kinds, own[: -(-len(own) // 2)])
    return found


def forecasts(
    dataset: xr.Dataset,
    failed: np.ndarray,
    fit: np.ndarray,
    wanted: dict[str, Signals] | None = None,
    looks: tuple[float, ...] = LOOKS,
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """The risks of failure of all runs, by models of each set of signals, at each look.

    **Arguments:**
    - `dataset`: as of `trained`. `failed` (run,); `fit` (run,): those that models are fitted to, as of `halves`.
    - `wanted`: the sets, by default `sets()`.

    **Returns:** (`signals`, `look`, `run`) `risk`: of runs that models are fitted to, by models of other kinds of them;
    of others by the model of all of these. `risk_elsewhere`, at the looks `TABLED`: by a model of all runs of other
    games. Of a run that has diverged before a look NaN: nothing is left to be foretold.
    """
    chosen = sets() if wanted is None else wanted
    shape = len(chosen), len(looks), dataset.sizes["run"]
    risk, elsewhere = np.full(shape, np.nan), np.full(shape, np.nan)
    games, kinds, last = dataset["game"].values, dataset["kind"].values, float(dataset["step"].values[-1])
    lost = dataset["diverged_at"].values
    for (i, of), (j, look) in product(enumerate(chosen.values()), enumerate(looks)):
        with threadpool_limits(1):  # so few runs are fitted faster on one core
            alive = (lost < 0) | (lost > look * last)
            x, seen, unseen = features(dataset, of, look), fit & alive, ~fit & alive
            if seen.any():
                risk[i, j, seen] = out_of_fold(x[seen], failed[seen], kinds[seen])
                risk[i, j, unseen] = fitted(x[seen], failed[seen])(x[unseen])
            for game in np.unique(games) if look in TABLED else ():
                here, there = alive & (games == game), alive & (games != game)
                if here.any() and there.any():
                    elsewhere[i, j, here] = fitted(x[there], failed[there])(x[here])
            if progress:
                progress(i * len(looks) + j + 1, len(chosen) * len(looks))
    dims = ("signals", "look", "run")
    return xr.Dataset(
        {"risk": (dims, risk), "risk_elsewhere": (dims, elsewhere)}, {"signals": list(chosen), "look": list(looks)}
    )
