"""Findings of the study `first-order`."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import share
from saddlery.analysis.numbers import LEAST, chance, exact, number, percent
from saddlery.analysis.paired import holm
from saddlery.report.finding import Finding
from saddlery.studies.first_order.experiment import NEAR

FAMILIES = {
    "optimal": "Optimal",
    "simultaneous": "First-order, simultaneous",
    "alternating": "First-order, alternating",
    "unrolled": "Unrolled",
    "unrolled, first term": "Unrolled without the second term",
}
LEVEL = 0.05  # of the tests, all together


class Contrast(NamedTuple):
    """A contrast of two settings: whether as many runs end near the target with one as with the other.

    - `one`, `other`: the settings; `shares`: of each. `probability`: Fisher's exact one, after Holm's correction.
    """

    one: str
    other: str
    shares: tuple[float, float]
    probability: float

    @property
    def sign(self) -> int:
        """1 where the other's share is larger, −1 where it is smaller, 0 where the starts do not tell."""
        return int(np.sign(self.shares[1] - self.shares[0])) if self.probability <= LEVEL else 0

    @property
    def text(self) -> str:
        """Both shares and the p-value in words."""
        told = chance(self.probability)
        return f"{percent(self.shares[0])} with {self.one}, {percent(self.shares[1])} with {self.other} ({told})"

    @property
    def numbers(self) -> dict[str, object]:
        """The numbers in the words."""
        return {"shares": self.shares, "p": self.probability, "least p": LEAST, "settings": [self.one, self.other]}


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data."""
    return [_optimal(dataset), *_compared(dataset), _steps(dataset), _failures(dataset)]


def apart(dataset: xr.Dataset) -> xr.DataArray:
    """Which starting means are counted: those that differ, (`mean1`, `mean2`)."""
    return dataset["mean1"] != dataset["mean2"]


def contrasts(dataset: xr.Dataset) -> dict[str, Contrast]:
    """The tests that the page rests on, corrected together after Holm.

    Fisher's exact test of two shares, as of independent runs. Settings have their starts in common, which makes it
    cautious where the same starts succeed.
    """
    from scipy.stats import fisher_exact

    of = {name: members(dataset, name) for name in FAMILIES}
    pairs = {
        "order": (of["simultaneous"][0], of["alternating"][0]),
        **{name: (of[name][0], of[name][-1]) for name in ("alternating", "unrolled", "unrolled, first term")},
        "second term": (of["unrolled, first term"][-1], of["unrolled"][-1]),
    }
    counts = [[_count(dataset, name) for name in pair] for pair in pairs.values()]
    raw = [float(np.asarray(fisher_exact([[good, runs - good] for good, runs in pair]))[1]) for pair in counts]
    return {
        name: Contrast(*pair, (first[0] / first[1], second[0] / second[1]), float(p))
        for (name, pair), (first, second), p in zip(pairs.items(), counts, holm(np.array(raw)), strict=True)
    }


def members(dataset: xr.Dataset, family: str) -> list[str]:
    """The settings of a family, in their order."""
    return [str(name) for name in dataset["setting"].values[dataset["method"].values == family]]


def _count(dataset: xr.Dataset, setting: str) -> tuple[int, int]:
    """How many runs end near the target, of how many."""
    at = dataset.sel(setting=setting)
    return int(at["succeeded"]), int(at["runs"])


def _optimal(dataset: xr.Dataset) -> Finding:
    """How often the best discriminator gets there, and what equal means are."""
    differing = apart(dataset)
    at, equal = dataset.sel(setting="optimal"), int((~differing).sum())
    found, starts = share(*_count(dataset, "optimal")), int(differing.size)
    most = float(dataset["within"].where(~differing).max())
    variation = float(at["total_variation"].sel(quantile=0.5)[-1])
    text = (
        f"Of the starts whose two means differ, {percent(found.middle)} end within {exact(NEAR)} of the target (95% "
        f"interval {percent(found.low)} to {percent(found.high)}); at steps of {exact(dataset.attrs['h'])} the median "
        f"total variation at the end is {number(variation)}. Counted apart are {equal} of the "
        f"{starts} starting means, where both are equal, of measure zero: both get the same gradient from any "
        f"discriminator, so that only rounding parts them, and at most {percent(most)} of the runs from such a start "
        "get there, with any discriminator."
    )
    numbers = {
        "near": NEAR, "share": found, "level": "95%", "h": dataset.attrs["h"], "variation": variation, "equal": equal,
        "starts": starts, "from equal means": most,
    }  # fmt: skip
    return Finding("Optimal discriminator", text, "good" if found.middle == 1 else "plain", numbers)


def _compared(dataset: xr.Dataset) -> list[Finding]:
    """What the order of the players, more steps and the second term change."""
    made, found, h = contrasts(dataset), [], dataset.attrs["h"]
    words = {
        "order": (
            "Simultaneous or alternating",
            ("Alternating gets there from more starts", "Simultaneous gets there from more starts"),
        ),
        "alternating": ("First-order, alternating", ("More steps help", "More steps make it worse")),
        "unrolled": ("Unrolled", ("Looking further ahead helps", "Looking further ahead makes it worse")),
        "unrolled, first term": (
            "Without the second term",
            ("Looking further ahead helps", "Looking further ahead makes it worse"),
        ),
        "second term": (
            "The second term",
            (
                "How the discriminator would react, the gradient's second term, helps",
                "How the discriminator would react, the gradient's second term, makes it worse",
            ),
        ),
    }
    for name, (subject, (more, fewer)) in words.items():
        test = made[name]
        lead = {1: more, -1: fewer, 0: "The starts do not tell the two apart"}[test.sign]
        tone = "plain" if name == "order" else {1: "good", -1: "bad", 0: "plain"}[test.sign]
        found.append(Finding(subject, f"{lead} at steps of {exact(h)}: {test.text}.", tone, test.numbers | {"h": h}))
    return found


def _steps(dataset: xr.Dataset) -> Finding:
    """Which discriminator succeeds from most starts at each step size."""
    shares = (dataset["swept_succeeded"] / dataset["swept_runs"]).transpose("setting", "rate")
    best = shares.isel(setting=dataset["method"].values != "optimal")
    first = {float(h): str(best["setting"].values[best.sel(rate=h).values.argmax()]) for h in best["rate"].values}
    ahead = bool((shares.sel(setting="optimal") >= best.max("setting")).all())
    lead = "The optimal discriminator gets there from as many starts as any or more at every step size"
    if not ahead:
        behind = [h for h in first if shares.sel(setting="optimal", rate=h) < best.sel(rate=h).max()]
        lead = f"The optimal discriminator is not the best at steps of {', '.join(map(exact, behind))}"
    listed = ", ".join(f"{name} at {exact(h)}" for h, name in first.items())
    text = f"{lead}. Of the others the most do with {listed}; which of these differ was not tested."
    return Finding("Step size", text, "plain", {"h": list(first), "best": list(first.values())})


def _failures(dataset: xr.Dataset) -> Finding:
    """What most runs of each setting come to that do not converge."""
    failures = dataset["share"].drop_sel(setting="optimal", outcome="convergence")
    worst: dict[str, list[str]] = {}
    for each in failures:
        if float(each.max()) > 0:
            worst.setdefault(str(each["outcome"].values[each.values.argmax()]), []).append(str(each["setting"].values))
    text = "; ".join(f"{outcome} under {', '.join(settings)}" for outcome, settings in worst.items())
    text = text or "no run of a first-order or unrolled discriminator was found to fail"
    numbers = {"settings": [str(setting) for setting in failures["setting"].values]}
    return Finding("What goes wrong most", f"{text[0].upper()}{text[1:]}.", "plain", numbers)
