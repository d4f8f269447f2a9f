"""Known results on the Dirac-GAN, beside what multipliers predict and what training found."""

from typing import NamedTuple

import numpy as np
import xarray as xr

from saddlery.analysis.numbers import percent
from saddlery.analysis.rates import NEUTRAL


class Claim(NamedTuple):
    """A known result on the Dirac-GAN, what multipliers predict, what was found, and whether it holds."""

    known: str
    predicted: str
    found: str
    holds: bool


def claims(dataset: xr.Dataset) -> list[Claim]:
    """The known results on the Dirac-GAN (Mescheder, Geiger, Nowozin, 2018) beside what was predicted and found."""
    pair = ("simultaneous", "alternating")
    return [
        *(_diverging(dataset, f"dirac-{game}", game, method) for game in ("minimax", "wasserstein") for method in pair),
        *(
            _diverging(dataset, f"dirac-wgan-gp{which}", f"WGAN-GP of weight {weight}", method)
            for which, weight in (("", "1"), ("-light", "0.5"))
            for method in pair
        ),
        _cycling(dataset),
        _creeping(dataset),
        *(_linearly(dataset, "dirac-r1", method, f"R1, {method}: converges linearly") for method in pair),
        _linearly(dataset, "dirac-minimax", "consensus", "Consensus, minimax: converges linearly"),
        _linearly(dataset, "dirac-nonsaturating", "consensus", "Consensus, non-saturating: converges linearly"),
    ]


def _diverging(dataset: xr.Dataset, game: str, name: str, method: str) -> Claim:
    """Whether a method nowhere converges on a game, at whatever pace, and is nowhere predicted to."""
    chosen = dataset.sel({"game": game, "method": method})
    verdict, rate = chosen["verdict"], chosen["predicted_rate"]
    count = int(verdict.notnull().sum())
    found = [
        f"{what} in {int((verdict == i).sum())}"
        for i, what in enumerate(dataset.attrs["verdicts"])
        if (verdict == i).any()
    ]
    converging, stable = int(converges(chosen).sum()), int((rate < 1 - NEUTRAL).sum())
    return Claim(
        f"{name[0].upper()}{name[1:]}, {method}: does not converge",
        _predicted(rate),
        f"{f'converges in {converging} of' if converging else 'converges in none of'} {count} settings: "
        f"{', '.join(found)}",
        converging == 0 and stable == 0,
    )


def _predicted(rate: xr.DataArray) -> str:
    """How many settings are predicted to be stable, neutral and unstable."""
    if not bool(rate.notnull().any()):
        return "nothing: the penalty has no derivative at the equilibrium"
    groups = {
        "stable": rate < 1 - NEUTRAL,
        "neutral, a rate of 1": abs(rate - 1) <= NEUTRAL,
        "unstable": rate > 1 + NEUTRAL,
    }
    return ", ".join(f"{int(chosen.sum())} {what}" for what, chosen in groups.items() if chosen.any())


def _cycling(dataset: xr.Dataset) -> Claim:
    """Whether simultaneous descent of the non-saturating loss ends on a cycle of the radius known."""
    steps, radii = dataset["cycle_step"].values, dataset["cycle_radius"].values
    known = np.sqrt(2 * steps)
    return Claim(
        "Non-saturating, simultaneous: a limit cycle of radius about √(2h)",
        f"radii {_listed(known, steps)}",
        f"radii {', '.join(f'{r:.3f}' for r in radii)}: {(radii / known).min():.3f} to {(radii / known).max():.3f} "
        "times those",
        bool((abs(radii / known - 1) < 0.05).all()),
    )


def _creeping(dataset: xr.Dataset) -> Claim:
    """Whether alternating descent of the non-saturating loss converges as the inverse root of time."""
    powers = exponents(dataset)
    rate = dataset["predicted_rate"].sel({"game": "dirac-nonsaturating", "method": "alternating"}).isel(value=0)
    neutral = int((abs(rate - 1) <= NEUTRAL).sum())
    return Claim(
        "Non-saturating, alternating: converges as t to the power −½, slower than at any rate",
        f"a rate of 1 in {neutral} of {int(rate.notnull().sum())} settings with one step of each player: neutral",
        f"powers of t from {int(dataset['time'][-1]) // 10:,} to {int(dataset['time'][-1]):,} steps: "
        f"{_listed(powers, dataset['slow_step'].values)}",
        bool((abs(powers + 0.5) < 0.05).all()),
    )


def _listed(values: np.ndarray, steps: np.ndarray) -> str:
    return ", ".join(f"{v:.3f} (h = {h:g})".replace("-", "−") for v, h in zip(values, steps, strict=True))


def exponents(dataset: xr.Dataset) -> np.ndarray:
    """The exponents of power laws: the powers of t with which slow approaches fall, over the last decade of time."""
    late = dataset["time"].values >= dataset["time"].values[-1] / 10
    logs = np.log(dataset["slow_distance"].values[:, late])
    return np.polyfit(np.log(dataset["time"].values[late]), logs.T, 1)[0]


def _linearly(dataset: xr.Dataset, game: str, method: str, known: str) -> Claim:
    """Whether all settings that are predicted to be stable converge near the equilibrium, at the rate predicted."""
    chosen = dataset.sel({"game": game, "method": method})
    stable = decided(chosen) & (chosen["predicted_rate"] < 1 - NEUTRAL)
    predicted, measured = chosen["predicted_rate"].where(stable), chosen["measured_rate"].where(stable)
    if not bool(stable.any()):
        return Claim(known, "stable in no setting", "nothing to measure", False)
    off, below = float(abs(measured / predicted - 1).max()), int((measured < 1).sum())
    found = (
        f"near the equilibrium all converge, at rates {'less than 0.1%' if off < 1e-3 else f'at most {percent(off)}'} "
        f"off; {_reached(chosen, stable)}"
        if below == int(stable.sum())
        else f"only {below} of them converge near the equilibrium"
    )
    return Claim(
        known,
        f"stable in {int(stable.sum())} of {int(chosen['predicted_rate'].notnull().sum())} settings, at rates from "
        f"{float(predicted.min()):.3g} to {float(predicted.max()):.5f}",
        found,
        bool(below == int(stable.sum()) and off < 0.01),
    )


def _reached(chosen: xr.Dataset, stable: xr.DataArray) -> str:
    """From how far away the settings that are stable converge."""
    everywhere = stable & (chosen["verdict"] == 0)
    reach = chosen["reach"].where(stable & ~everywhere)
    some, none = reach.where(reach > 0), int((reach == 0).sum())
    parts = [f"from all starts, up to {chosen.attrs['farthest']:g} away, in {int(everywhere.sum())}"]
    if bool(some.notnull().any()):
        parts.append(f"from starts up to {float(some.min()):.2g} or more in {int(some.notnull().sum())}")
    if none:
        parts.append(f"not from {chosen.attrs['nearest']:g}, or too slowly to tell, in {none}")
    return ", ".join(parts)


def decided(dataset: xr.Dataset) -> xr.DataArray:
    """Whether a rate was both predicted and measured."""
    return dataset["predicted_rate"].notnull() & dataset["measured_rate"].notnull()


def converges(dataset: xr.Dataset) -> xr.DataArray:
    """Whether training converges from all starts, at a rate or slower: the first two of the verdicts."""
    return dataset["verdict"] <= 1


def at_each(dataset: xr.Dataset, dimension: str) -> list[xr.Dataset]:
    """The dataset at each place along a dimension."""
    return [dataset.isel({dimension: i}) for i in range(dataset.sizes[dimension])]
