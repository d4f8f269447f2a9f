"""Consensus optimisation and its relatives: gradients plus those of squared gradient norms."""

from typing import Unpack

from saddlery import rules, schedules
from saddlery.method import Method
from saddlery.methods.options import MethodOptions, combined, published
from saddlery.types import Numbers


@published
def consensus(gamma: Numbers = 10.0, batches: int = 1, **options: Unpack[MethodOptions]) -> Method:
    """Consensus optimisation, v − γ Jᵀv (Mescheder, Nowozin, Geiger, 2017); unbiased with 2 `batches`, see the rule.

    >>> float(consensus(gamma=5.0).rule.gamma)
    5.0
    """
    return _of(rules.Consensus(gamma, batches), options)


@published
def adaptive_consensus(
    rate: float = 0.01,
    penalty: float = 0.0,
    fraction: float = 0.1,
    target: float | None = None,
    gamma: float = 0.0,
    warmup: int = 100,
    smoothing: float = 0.9,
    batches: int = 2,
    **options: Unpack[MethodOptions],
) -> Method:
    """Adaptive consensus optimisation: γ is the multiplier of ½‖v‖² ≤ a fraction of simultaneous descent's.

    A reviewer of the Numerics asked for it. With a `penalty` it is an augmented Lagrangian, a controller with a
    proportional and an integral part (Stooke, Achiam, Abbeel, 2020), without one dual ascent; see the rule.

        >>> float(adaptive_consensus(penalty=0.5).rule.penalty)
        0.5
    """
    rule = rules.AdaptiveConsensus(rate, penalty, fraction, target, gamma, warmup, smoothing, batches)
    return combined(rule, schedules.simultaneous(), "numerics", options)


@published
def consensus_discriminator(gamma: float = 10.0, batches: int = 1, **options: Unpack[MethodOptions]) -> Method:
    """Consensus optimisation on the discriminator only (an ablation that the Numerics paper's reviewers asked for).

    >>> consensus_discriminator(gamma=2.0).rule.gamma.tolist()
    [[0.0, 0.0], [2.0, 2.0]]
    """
    return _of(rules.Consensus([[0.0, 0.0], [gamma, gamma]], batches), options)


@published
def jare(gamma: float = 10.0, batches: int = 1, **options: Unpack[MethodOptions]) -> Method:
    """JARE: each player is penalised by the other's squared gradient norm (Nie, Patel, 2019).

    >>> jare(gamma=2.0).rule.gamma.tolist()
    [[0.0, 2.0], [2.0, 0.0]]
    """
    return _of(rules.Consensus([[0.0, gamma], [gamma, 0.0]], batches), options)


@published
def smooth(gamma: float = 10.0, batches: int = 1, **options: Unpack[MethodOptions]) -> Method:
    """A smooth discriminator: it alone is penalised by the generator's squared gradient norm (the Numerics' code).

    >>> smooth(gamma=2.0).rule.gamma.tolist()
    [[0.0, 0.0], [2.0, 0.0]]
    """
    return _of(rules.Consensus([[0.0, 0.0], [gamma, 0.0]], batches), options)


def _of(rule: rules.Consensus, options: MethodOptions) -> Method:
    return combined(rule, schedules.simultaneous(), "numerics", options)
