"""Consensus optimisation and its relatives: gradients plus those of squared gradient norms."""

from typing import Unpack

from saddlery import rules, schedules
from saddlery.method import Method
from saddlery.methods.options import MethodOptions, combined, published
from saddlery.types import Numbers


@published
def consensus(
    gamma: Numbers = 10.0, rate: float | None = None, target: float = 0.0, **options: Unpack[MethodOptions]
) -> Method:
    """Consensus optimisation, v − γ Jᵀv (Mescheder, Nowozin, Geiger, 2017); γ adapts with a `rate`, see the rule.

    >>> float(consensus(gamma=5.0).rule.gamma)
    5.0
    """
    return _of(rules.Consensus(gamma, rate, target), options)


@published
def consensus_discriminator(gamma: float = 10.0, **options: Unpack[MethodOptions]) -> Method:
    """Consensus optimisation on the discriminator only (an ablation that the Numerics paper's reviewers asked for).

    >>> consensus_discriminator(gamma=2.0).rule.gamma.tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    return _of(rules.Consensus([[0.0, 0.0], [gamma, gamma]]), options)


@published
def jare(gamma: float = 10.0, **options: Unpack[MethodOptions]) -> Method:
    """JARE: each player is penalised by the other's squared gradient norm (Nie, Patel, 2019).

    >>> jare(gamma=2.0).rule.gamma.tolist()
    [[0.0, 2.0], [2.0, 0.0]]
    """
    return _of(rules.Consensus([[0.0, gamma], [gamma, 0.0]]), options)


@published
def smooth(gamma: float = 10.0, **options: Unpack[MethodOptions]) -> Method:
    """A smooth discriminator: it alone is penalised by the generator's squared gradient norm (the Numerics' code).

    >>> smooth(gamma=2.0).rule.gamma.tolist()
    [[0.0, 0.0], [2.0, 0.0]]
    """
    return _of(rules.Consensus([[0.0, 0.0], [gamma, 0.0]]), options)


def _of(rule: rules.Consensus, options: MethodOptions) -> Method:
    return combined(rule, schedules.simultaneous(), "numerics", options)
