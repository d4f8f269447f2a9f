"""Reports of large sweeps: a heat map of all settings, and findings on those that are not shown."""

import numpy as np
import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.comparison import covers, measures
from saddlery.analysis.measures import MEASURES
from saddlery.analysis.seeds import last
from saddlery.analysis.sweeps import axis, levels_of
from saddlery.plots.heat import heat
from saddlery.plots.picture import Picture
from saddlery.report.finding import Finding


def every(dataset: xr.Dataset) -> Picture | None:
    """The heat map of all settings; none where all are shown anyway."""
    along = axis(dataset)
    if along is None:
        return None
    columns = np.unique(dataset[along].values[np.isfinite(dataset[along].values)])
    measure = MEASURES[measures(dataset)[0]]
    ends = last(dataset, measure.name).median("seed").values
    names = rows(dataset, along)
    different = {name: i for i, name in enumerate(dict.fromkeys(names))}
    values = np.full((len(different), len(columns)), np.nan)
    for name, level, end in zip(names, dataset[along].values, ends, strict=True):
        at = slice(None) if np.isnan(level) else np.searchsorted(columns, level)  # what has no such level is alike
        values[different[name], at] = end
    most = max(facts.distinct(dataset, "modes_total"), default=None) if measure.name == "modes" else None
    return heat(
        list(different), [f"{level:g}" for level in columns], values, measure, along.replace("_", " "), most=most
    )


def rows(dataset: xr.Dataset, along: str) -> list[str]:
    """The rows of the heat map: each setting without its level of the columns."""
    levels = {name: each.values for name, each in levels_of(dataset).items() if name not in ("method", along)}
    inside = {name for name in levels if any(each.startswith(f"{name}_") for each in (*levels, along))}
    bare = {name: each for name, each in levels.items() if name not in inside}  # no texts around levels of their own
    places = {str(place) for place in zip(dataset["method"].values, dataset[along].values, *bare.values(), strict=True)}
    others = bare if len(places) == dataset.sizes["setting"] else levels
    methods = dataset["method"].values

    def name(i: int) -> str:
        levels = {level: each[i] for level, each in others.items() if str(each[i]) not in ("", "nan")}
        texts = ", ".join(f"{level}={number:g}" if isinstance(number, float) else f"{level}={number}"
                         for level, number in levels.items())  # fmt: skip
        return f"{methods[i]}" + (f"({texts})" if texts else "")

    return [name(i) for i in range(dataset.sizes["setting"])]


def findings(dataset: xr.Dataset) -> list[Finding]:
    """Findings on settings that are not shown or not there yet."""
    found = []
    settings, cells = dataset.sizes["setting"], int(dataset.attrs.get("cells", 0))
    if settings < cells:
        text = f"{settings} of {cells} settings are finished, and only they are here."
        found.append(Finding("Not finished", text, "bad", {"settings": settings, "of": cells}))
    if axis(dataset) is not None and "modes" in dataset:
        full, parts = covers(dataset), []
        for method in dict.fromkeys(str(name) for name in dataset["method"].values):
            here = full.values[dataset["method"].values == method]
            parts.append(f"{method} {here.sum()} of {len(here)}")
        text = f"Settings of which at least half of the seeds cover all modes: {', '.join(parts)}."
        found.append(Finding("How much tuning", text, "good" if full.any() else "bad"))
    return found
