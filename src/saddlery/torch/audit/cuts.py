"""Whether the discriminator's gradient is that of its loss, by finite differences, and which line cuts it: F16."""

from collections.abc import Iterable
from typing import NamedTuple

import torch

from saddlery.text.arguments import first_line
from saddlery.torch.audit.causes import explaining, of_parameters_alone, penalties_without_graph, remedies, useless
from saddlery.torch.audit.differences import DIRECTIONS, DOUBLE, LONGER, SINGLE, WARM, Differences, apart
from saddlery.torch.audit.evaluation import Evaluations
from saddlery.torch.audit.findings import CODES, Finding
from saddlery.torch.audit.functions import Site, Treatment
from saddlery.torch.audit.scores import D

GAIN = 0.9  # of an error: what remains of it where more evaluations help
SHARE = 0.5  # of an error: where differences with another step differ by more, it may be theirs


class Judged(NamedTuple):
    """What is known of a gradient: findings, notes, and why it cannot be told whether it is right, if so."""

    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    why: str = ""


def cut(evaluate: Evaluations) -> Judged:
    """Whether the discriminator's gradient is that of its loss: in float64, or as it is where that cannot be."""
    why = "no parameter is the discriminator's alone"
    for precision in (DOUBLE, SINGLE) if evaluate.discriminator - evaluate.generator else ():
        differences = Differences(evaluate, precision)
        try:
            first = differences.evaluated()
            rounding = precision.rounding(first.values[D])
            automatic, finite = differences.automatic(), differences.finite()
            if not bool(torch.isfinite(automatic).all() and torch.isfinite(finite).all()):
                return Judged(why="its derivatives are not finite")
            error, before = apart(automatic, finite, rounding), float("inf")
            for evaluations in WARM:
                if not precision.error < error < GAIN * before:
                    break
                differences.converge(evaluations)
                automatic, finite = differences.automatic(), differences.finite()
                error, before = apart(automatic, finite, rounding), error
            if error <= precision.error:
                return _added(differences, first.functions.cuts)
            if apart(finite, differences.finite(LONGER)) <= SHARE * error:
                return _judged(differences, finite, error)
            why = f"finite differences in {precision.words} depend on their step"
        except Exception as problem:  # whatever somebody's code has against that
            why = f"the losses cannot be differentiated numerically: {first_line(problem, 120)}"
    return Judged(why=why)


def _added(differences: Differences, cuts: Iterable[Site]) -> Judged:
    """What to say of gradients that are added to the loss as constants, where derivatives are right but for these."""
    sites = penalties_without_graph(differences, cuts)
    if not sites:
        return Judged()
    what = f"{CODES['F16']}: a gradient's value is added to the loss, and the loss has no derivative of it"
    return Judged((Finding("F16", what, "; ".join(map(str, sites)), remedies(sites)),))


def _judged(differences: Differences, finite: torch.Tensor, error: float) -> Judged:
    """What to say where derivatives differ from finite differences."""
    by = (
        f"along {DIRECTIONS} directions its derivatives and finite differences in "
        f"{differences.precision.words} differ by {error:.0%}"
    )
    sites, left = explaining(
        differences, error, lambda sites: apart(differences.automatic(Treatment(uncut=sites)), finite)
    )
    alone = of_parameters_alone(differences)
    if not sites or left > max(SHARE * error, differences.precision.error):
        outside = [*differences.evaluated().functions.out]
        if wrong := [site for site in outside if site in alone]:
            return Judged((Finding("F16", f"{CODES['F16']}: {by}", str(wrong[0]), "keep it in the graph"),))
        hint = f"numbers leave the graph at {outside[0]}" if outside else "no line was found that cuts the graph"
        return Judged(why=f"{by}, which may be meant: {hint}")
    if wrong := [site for site in sites if site in alone or useless(differences, site)]:
        what = f"{CODES['F16']}: {by}, and by {left:.1%} with the graph uncut there"
        return Judged((Finding("F16", what, "; ".join(map(str, wrong)), remedies(wrong)),))
    where = "; ".join(map(str, sites))
    if left <= differences.precision.error:
        return Judged(
            notes=(f"the discriminator's loss holds constant what depends on its parameters ({where}): {by}",)
        )
    return Judged(why=f"{by}, which is meant in part: {where}")
