"""What the largest K changes beside the smallest: differences seed by seed, with Student's interval."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import Interval, ends_text, interval
from saddlery.analysis.numbers import change, number
from saddlery.report.tables import last

Text = Callable[[float], str]


class Change(NamedTuple):
    """The difference of the last setting from the first, which are the largest K and the smallest.

    - `first`, `last`: how the two settings are called. `found`: the mean difference over seeds, and its interval.
    - `seeds`: how many have both.
    """

    first: str
    last: str
    found: Interval
    seeds: int

    @property
    def sign(self) -> int:
        """1 where the interval lies above zero, −1 where it lies below, and 0 where it holds zero or there is none."""
        return self.found.sign

    def sentence(self, more: str, less: str, text: Text = number) -> str:
        """The difference in words, of which `more` and `less` say which way it goes, `more modes`."""
        signed: Text = lambda value: change(value, text)  # noqa: E731
        numbers = f"mean difference {signed(self.found.middle)}, {ends_text(self.found, self.seeds, signed)}"
        if self.sign:
            return f"{more if self.sign > 0 else less} with {self.last} than with {self.first} ({numbers})"
        return f"{self.last} and {self.first} are not told apart ({numbers})"


def changed(at: xr.Dataset, name: str) -> Change:
    """How a measure (`setting`, `seed`), or its last record, differs between the last setting and the first.

    Seeds have their initial networks and batches in common, so differences are taken seed by seed. The interval is of
    this difference alone.
    """
    values = last(at, name).astype(float)
    first, other = (str(at["setting"].values[i]) for i in (0, -1))
    differences = values.isel(setting=-1).values - values.isel(setting=0).values
    return Change(first, other, interval(differences, "mean"), int((~np.isnan(differences)).sum()))
