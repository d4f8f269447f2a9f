"""Second-order methods, by Jacobian products: symplectic, competitive, Neumann, Krylov, Newton."""

from typing import Unpack

from saddlery import rules, schedules
from saddlery.method import Method
from saddlery.methods.amendments import Step
from saddlery.methods.options import MethodOptions, combined, published


@published
def symplectic(weight: float = 1.0, align: bool = True, batches: int = 1, **options: Unpack[MethodOptions]) -> Method:
    """Symplectic gradient adjustment (Balduzzi et al., 2018); without `align` unbiased with 2 `batches`, see the rule.

    >>> float(symplectic(weight=0.5).rule.weight)
    0.5
    """
    return combined(rules.Symplectic(weight, align, batches), schedules.simultaneous(), "numerics", options)


@published
def competitive(step: float | None = None, iterations: int = 10, **options: Unpack[MethodOptions]) -> Method:
    """Competitive gradient descent (Schäfer, Anandkumar, 2019), exact under sgd with the rule's step as learning rate.

    `step` is by default the generator's learning rate. The optimisers are sgd on every game unless others are given;
    under another one `step` only shapes the direction. `iterations`: GMRES' restarts.

        >>> import saddlery as sd
        >>> float(competitive(learning_rate=0.25).for_game(sd.games.ring()).rule.step)  # the generator's learning rate
        0.25
    """
    rule = rules.Competitive(0.0 if step is None else step, iterations=iterations)
    amendments = (Step(),) if step is None else ()
    return combined(rule, schedules.simultaneous(), "analytic", options, *amendments, needed=True)


@published
def adaptive_competitive(
    step: float | None = None,
    decay: float = 0.99,
    eps: float = 1e-5,
    iterations: int = 10,
    **options: Unpack[MethodOptions],
) -> Method:
    """Adaptive competitive gradient descent, with RMSProp's steps (Schäfer, Zheng, Anandkumar, 2020).

    `step` is by default the generator's learning rate, and the method exact under sgd with it for both players. The
    optimisers are sgd(learning_rate=1e-4) on every game unless others are given; `iterations`: GMRES' restarts.

        >>> import saddlery as sd
        >>> float(adaptive_competitive(learning_rate=0.25).for_game(sd.games.ring()).rule.step)
        0.25
    """
    rule = rules.AdaptiveCompetitive(0.0 if step is None else step, decay, eps, iterations=iterations)
    amendments = (Step(),) if step is None else ()
    return combined(rule, schedules.simultaneous(), "adaptive", options, *amendments, needed=True)


@published
def neumann(order: int = 2, gamma: float = 0.1, **options: Unpack[MethodOptions]) -> Method:
    """Neumann series of consensus optimisation: higher powers of the transposed Jacobian, Σ (−γJᵀ)ᵏ v.

    >>> neumann(order=3).rule.evaluations(dimension=10)  # the gradient and three products
    4
    """
    return combined(rules.Neumann(order, gamma), schedules.simultaneous(), "numerics", options)


@published
def krylov(order: int = 1, transposed: bool = True, **options: Unpack[MethodOptions]) -> Method:
    """Krylov-subspace direction with the least residual ‖ξ − Hp‖, by default in consensus's space.

    The optimisers are sgd on every game unless others are given: the direction has a length of its own.

        >>> krylov(order=2).rule.evaluations(dimension=10)  # the gradient, 2 products with Hᵀ, 3 with H
        6
    """
    return combined(rules.Krylov(order, transposed), schedules.simultaneous(), "analytic", options, needed=True)


@published
def newton(damping: float = 0.1, iterations: int = 10, **options: Unpack[MethodOptions]) -> Method:
    """Damped Newton's method on the field: (J − damping I)⁻¹ v is descended.

    The optimisers are sgd on every game unless others are given: the direction has a length of its own. `iterations`:
    GMRES' restarts, each of up to 20 products.

        >>> float(newton(damping=0.5).rule.damping)
        0.5
    """
    return combined(
        rules.Newton(damping, iterations=iterations), schedules.simultaneous(), "analytic", options, needed=True
    )
