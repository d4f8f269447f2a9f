"""Which lines of somebody's code hold constant what a gradient should go through, and whether that may be meant."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch

from saddlery.torch.audit.differences import Differences, apart
from saddlery.torch.audit.functions import Site, Treatment
from saddlery.torch.audit.scores import D

BETTER = 0.9  # of an error: what remains of it if a line explains a part
ROUNDING = 8.0  # times that of a loss, below which it is the same
SAME = 1e-6  # share within which derivatives are the same
REMEDIES = {
    "autograd.grad": "torch.autograd.grad(…, create_graph=True)",
    "detach": "leave out detach where the derivative is wanted",
    "no_grad": "leave out no_grad where the derivative is wanted",
    "get": "leave out .data where the derivative is wanted",
    "item": "leave out .item() where the derivative is wanted",
}


def explaining(
    differences: Differences, error: float, without: Callable[[Sequence[Site]], float]
) -> tuple[list[Site], float]:
    """The lines at which the graph must not be cut for an error to be allowed, and what remains of it.

    **Arguments:** `error`: as it is; `without`: what it is where some lines do not cut the graph.
    """
    functions = differences.evaluated().functions
    sites, left = [], [*functions.cuts, *functions.out]
    while left and error > differences.precision.error:
        tried = {}
        for site in left:
            try:
                tried[site] = without([*sites, site])
            except Exception:  # as where what is uncut is written over
                continue
        best = min(tried, key=tried.__getitem__, default=None)
        if best is None or not tried[best] < BETTER * error:
            break
        error = tried[best]
        sites.append(best)
        left.remove(best)
    return sites, error


def of_parameters_alone(differences: Differences) -> set[Site]:
    """The lines at which what leaves the graph is a function of parameters, whatever the samples."""

    def other(number: int, given: list[torch.Tensor]) -> list[torch.Tensor]:
        random = np.random.default_rng(number)
        return [
            each + torch.from_numpy(random.standard_normal(each.shape)).to(each) if each.is_floating_point() else each
            for each in given
        ]

    summed = Treatment(summed=True)
    one, two = (differences.evaluated(summed, put_in).functions for put_in in (None, other))
    a, b = one.cuts | one.out, two.cuts | two.out
    return {site for site in a if a[site] and a[site] == b.get(site)}


def useless(differences: Differences, site: Site, exactly: bool = False) -> bool:
    """Whether no derivative depends on what leaves the graph at a line: it is added, and is a constant.

    **Arguments:** `exactly`: not even by so little as what is small beside the rest makes out.
    """
    usual, scaled = (differences.automatic(Treatment(scaled=sites)) for sites in ((), (site,)))
    return torch.equal(usual, scaled) if exactly else apart(usual, scaled) < SAME


def penalties_without_graph(differences: Differences, cuts: Iterable[Site]) -> list[Site]:
    """The lines whose gradients are part of the discriminator's loss, and of none of its derivatives.

    However small that part is beside the rest, in which case it is not seen by differences.

    **Arguments:** `cuts`: the lines that cut the graph.
    """
    sites = [each for each in cuts if each.function == "autograd.grad"]
    if not sites:
        return []
    base, precision = differences.evaluated(), differences.precision
    rounding = ROUNDING * precision.step * precision.rounding(base.values[D])
    found = []
    for site in sites:
        change = differences.evaluated(Treatment(scaled=(site,))).values[D] - base.values[D]
        if abs(change) > rounding and useless(differences, site, exactly=True):
            found.append(site)
    return found


def remedies(sites: Sequence[Site]) -> str:
    """What to try at some lines."""
    return "; ".join(each for each in dict.fromkeys(REMEDIES.get(site.function, "") for site in sites) if each)
