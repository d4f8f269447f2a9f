"""The best setting of an experiment, by the rule by which its page ranks settings, with what is to be said of it."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.comparison import first, measures
from saddlery.analysis.measures import measure_of
from saddlery.errors import InvalidValue
from saddlery.experiments.opening import open_results
from saddlery.text.arguments import plain

BEST = "best"  # in the place of a method
SHARED = {"modes": "modes_total", "sliced_wasserstein": "perfect_sliced_wasserstein"}  # facts of games on one scale


class Best(NamedTuple):
    """The best setting: its label, and the caveat that belongs to it."""

    label: str
    caveat: str


def best_setting(folder: Path, of: int, among: Collection[str] | None = None, store: str | None = None) -> Best:
    """The best finished setting in a folder, by the median over its seeds at the last record.

    First counts what counts first on the page: modes covered, then the share near one; without modes the sliced
    Wasserstein distance; without samples the norm of the generator's gradient. A run that diverged counts as it was
    before training.

    **Arguments:** `of`: how many settings there are; `among`: the labels of those that are meant, by default all.

    **Raises:** `ValueError` when nothing is recorded that ranks settings, or they train games that are not on one
    scale; `FileNotFoundError` when none is finished.
    """
    results = open_results(folder, store)
    meant = results["setting"].values if among is None else [each for each in among if each in results["setting"]]
    results = results.sel(setting=list(meant))
    names = measures(results)
    if not results.sizes["setting"] or any(name not in results for name in names):
        raise InvalidValue(f"method: {plain(folder)} records nothing by which a setting could be the {BEST}; name one")
    _require_one_scale(results, names[0])
    at = first(results)
    label = str(results["setting"].values[at])
    count, seeds = results.sizes["setting"], results.sizes["seed"]
    titles = [measure_of(results, name).title for name in names]
    ranked = ", then ".join(f"{title[0].lower()}{title[1:]}" for title in titles)
    unfinished = f" ({of - count} more are not finished)" if among is None and of > count else ""
    seen = f"the median over {seeds} seeds" if seeds > 1 else "its only seed"
    return Best(
        label,
        f"{label} is the {BEST} of {count} settings{unfinished} by {ranked}, {seen} at the last record; it was chosen "
        "on these runs, whose numbers flatter it: judge it on fresh ones, by another --key"
        if count > 1
        else "",
    )


def _require_one_scale(results: xr.Dataset, name: str) -> None:
    """Refuse to rank settings of games whose numbers are not comparable."""
    games = sorted({str(each) for each in np.atleast_1d(results["game"].values)}) if "game" in results else []
    if len(games) > 1 and (name not in SHARED or facts.shared(results, SHARED[name]) is None):
        raise InvalidValue(
            f"method: the settings train different games ({plain(', '.join(games), 200)}), whose numbers are not on "
            f"one scale: there is no {BEST}; name one"
        )
