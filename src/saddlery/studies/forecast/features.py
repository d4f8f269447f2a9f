"""Features of a run so far: summaries of its signals over windows of the past, and its settings."""

from collections.abc import Sequence

import numpy as np
import xarray as xr

from saddlery.analysis.signals import KINDS, SIGNALS
from saddlery.studies.forecast.population import GAMES, LOSSES, METHODS

LAST = 3  # records whose mean is what a signal is now
QUALITY = ("shortfall", "covered", "generator_moved", "discriminator_moved")  # what only samples of known data tell


def names_of(kinds: Sequence[str]) -> list[str]:
    """The names of the signals of some kinds.

    >>> names_of(["losses"])
    ['generator_loss', 'discriminator_loss']
    """
    return [name for name, each in SIGNALS.items() if each.kind in kinds]


def nested() -> dict[str, list[str]]:
    """The nested sets of signals, each with all before it, by the name of the last kind.

    >>> [len(names) for names in nested().values()] == sorted(len(names) for names in nested().values())
    True
    """
    kinds = list(KINDS)
    return {kind: names_of(kinds[: i + 1]) for i, kind in enumerate(kinds)}


def summaries(series: np.ndarray) -> np.ndarray:
    """Summaries of series up to now, `(run, record)` to `(run, 5)`; NaN where no record is finite.

    The mean of the last three records, the mean of all, the mean of the last third less that of the first, the mean
    absolute change from record to record, and the largest.

        >>> summaries(np.array([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]])).tolist()
        [[4.0, 2.5, 4.0, 1.0, 5.0]]
    """
    series = np.where(np.isfinite(series), series, np.nan)
    third = -(-series.shape[1] // 3)
    with np.errstate(all="ignore"):
        parts = [
            _mean(series[:, -LAST:]),
            _mean(series),
            _mean(series[:, -third:]) - _mean(series[:, :third]),
            _mean(np.abs(np.diff(series, axis=1))),
            np.where(np.isfinite(series), series, -np.inf).max(1),
        ]
    found = np.stack(parts, axis=1)
    return np.where(np.isfinite(found), found, np.nan)


def _mean(values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.where(known, values, 0.0).sum(1) / np.where(known.any(1), known.sum(1), np.nan)


def of_signals(dataset: xr.Dataset, names: Sequence[str], records: int) -> np.ndarray:
    """The features of some signals from the first `records` records, `(run, feature)`; nothing later is looked at."""
    past = dataset.isel(step=slice(0, records))
    columns = [summaries(past[name].transpose("run", "step").values) for name in names]
    return np.concatenate(columns, axis=1) if columns else np.zeros((dataset.sizes["run"], 0))


def of_settings(dataset: xr.Dataset) -> np.ndarray:
    """The features of the settings alone, `(run, feature)`: rates, b1, and which loss, method, size and game it is."""
    columns = [np.log10(dataset[name].values) for name in ("generator_rate", "discriminator_rate")]
    columns += [columns[0] - columns[1], dataset["b1"].values]
    choices = {"loss": LOSSES, "method": METHODS, "size": ("large",), "game": GAMES}
    columns += [dataset[name].values == each for name, table in choices.items() for each in table]
    return np.stack(columns, axis=1).astype(float)
