"""The published methods by name: each a rule, a schedule and a paper's optimisers.

Every function here takes, beside its own arguments, the same four keywords:

- `generator`, `discriminator`: each player's optimiser, as `saddlery.optimiser(…)`, any optax transformation, or text
  such as `"adam(learning_rate=1e-3, b1=0.5)"`; by default the settings of the paper that the method is from;
- `learning_rate`: another learning rate for both of them;
- `schedule`: another schedule, as an object or as text such as `"alternating(discriminator=5)"`.
"""

import functools
import inspect
from collections.abc import Callable
from typing import Any, NamedTuple

import optax

from saddlery import rules, schedules
from saddlery.arguments import numbers
from saddlery.call import build, parse
from saddlery.game import Pair
from saddlery.method import Method
from saddlery.optimisers import RANGES, Optimiser, optimiser
from saddlery.rules.rule import repeated

# Both players' optimisers as the papers set them: the two rings of the unrolled paper (its released code and its
# text), the ring and images of the Numerics paper; and ours for small images and for analytic games.
SETTINGS = {
    "unrolled": Pair("adam(learning_rate=1e-3, b1=0.5)", "adam(learning_rate=1e-4, b1=0.5)"),
    "unrolled-paper": Pair("adam(learning_rate=1e-4, b1=0.5)", "adam(learning_rate=1e-4, b1=0.5)"),
    "numerics": Pair(*["rmsprop(learning_rate=1e-4, decay=0.9, eps=1e-10, initial_scale=1.0)"] * 2),
    "images": Pair(*["adam(learning_rate=2e-4, b1=0.5)"] * 2),
    "analytic": Pair(*["sgd(learning_rate=0.1)"] * 2),
}
SCHEDULES = {name: getattr(schedules, name) for name in schedules.__all__ if name.islower()}


def as_optimiser(chosen: Any, learning_rate: float | None = None) -> Any:
    """An optimiser from text, from one of ours or from optax; with `learning_rate`, that instead of its own.

    **Raises:** `ValueError` for text that names none, and for a learning rate that cannot be put in.
    """
    given = {} if learning_rate is None else {"learning_rate": learning_rate}
    if isinstance(chosen, str):
        call = parse(chosen)
        return optimiser(call.name, **(call.arguments | given))
    return _with(chosen, **given) if given else chosen


class _Parts(NamedTuple):
    """A published method: its rule, schedule and settings, and what it does to whatever optimisers are chosen."""

    rule: Any
    schedule: Any
    settings: Pair
    amend: Callable[[Any, Any], Pair] = Pair


def _published(parts: Callable[..., _Parts]) -> Callable[..., Method]:
    """A method out of the function of its parts, with the four keywords of this module."""
    own = inspect.signature(parts)
    shared = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None)
        for name in ("schedule", "generator", "discriminator", "learning_rate")
    ]

    @functools.wraps(parts)
    def method(*arguments, schedule=None, generator=None, discriminator=None, learning_rate=None, **named):
        rule, usual, settings, amend = parts(*arguments, **named)
        optimisers = amend(
            as_optimiser(settings.generator if generator is None else generator, learning_rate),
            as_optimiser(settings.discriminator if discriminator is None else discriminator, learning_rate),
        )
        schedule = build("schedule", schedule, SCHEDULES) if isinstance(schedule, str) else schedule or usual
        return Method(rule, schedule, generator=optimisers.generator, discriminator=optimisers.discriminator)

    method.__signature__ = own.replace(  # type: ignore[attr-defined]
        parameters=[*own.parameters.values(), *shared], return_annotation=Method
    )
    return method


def _amended(**numbers: Any) -> Callable[[Any, Any], Pair]:
    """The amendment that sets these arguments in both players' optimisers."""
    return lambda generator, discriminator: Pair(_with(generator, **numbers), _with(discriminator, **numbers))


def _with(chosen: Any, **numbers: Any) -> Optimiser:
    """The same optimiser with other arguments."""
    if not isinstance(chosen, Optimiser):
        raise ValueError(
            f"optimiser: {', '.join(numbers)} cannot be put into one that is already made by optax; "
            "give it as text or as saddlery.optimiser(…)"
        )
    return optimiser(chosen.name, **(chosen.numbers | dict(chosen.settings) | numbers))


def _faster(ratio):
    """The discriminator's learning rate `ratio` times what it was."""
    ratio = numbers("ratio", ratio, above=0.0)

    def amend(generator, discriminator):
        rate = _learning_rate("ratio", discriminator)
        return Pair(generator, _with(discriminator, learning_rate=ratio * rate))

    return amend


def _learning_rate(argument: str, chosen: Any) -> Any:
    """The learning rate of an optimiser, which `argument` needs."""
    if not isinstance(chosen, Optimiser) or "learning_rate" not in chosen.numbers:
        raise ValueError(
            f"{argument}: the optimiser is already made by optax or has no number as its learning rate; "
            "give it as text or as saddlery.optimiser(…)"
        )
    return chosen.numbers["learning_rate"]


def _momentum(momentum):
    """The momentum of both players: `momentum` where the optimiser has it, otherwise Adam's `b1`."""
    momentum = numbers("momentum", momentum, **RANGES["momentum"])

    def amended(chosen):
        takes = inspect.signature(getattr(optax, chosen.name)).parameters if isinstance(chosen, Optimiser) else ()
        return _with(chosen, **{"b1" if "b1" in takes else "momentum": momentum})

    return lambda generator, discriminator: Pair(amended(generator), amended(discriminator))


def _differentiable(generator, discriminator):
    """The discriminator's optimiser with its square root safe to differentiate at zero."""
    if isinstance(discriminator, Optimiser) and discriminator.numbers.get("eps_root") == 0.0:
        discriminator = _with(discriminator, eps_root=1e-16)
    return Pair(generator, discriminator)


@_published
def simultaneous():
    """Both players descend their own gradient at once (Goodfellow et al., 2014)."""
    return _Parts(rules.Simultaneous(), schedules.simultaneous(), SETTINGS["numerics"])


@_published
def alternating(discriminator_steps: int = 1, generator_steps: int = 1):
    """The discriminator moves, then the generator answers it (Goodfellow et al., 2014, algorithm 1)."""
    return _Parts(
        rules.Simultaneous(),
        schedules.alternating(
            repeated("discriminator_steps")(discriminator_steps), repeated("generator_steps")(generator_steps)
        ),
        SETTINGS["numerics"],
    )


@_published
def two_time_scales(ratio: float = 4.0):
    """Simultaneous, the discriminator's learning rate `ratio` times the generator's (Heusel et al., 2017)."""
    return _Parts(rules.Simultaneous(), schedules.simultaneous(), SETTINGS["unrolled-paper"], _faster(ratio))


@_published
def clipped(value: float = 0.01):
    """Simultaneous, each entry of the gradient clipped to ±`value` (ℓ∞), which a reviewer of the Numerics asked for."""
    amend = _amended(clip=numbers("value", value, **RANGES["clip"]))
    return _Parts(rules.Simultaneous(), schedules.simultaneous(), SETTINGS["numerics"], amend)


@_published
def clipped_norm(value: float = 1.0):
    """Simultaneous, each player's gradient clipped to a global norm of `value` (a rival in the Numerics' code)."""
    amend = _amended(clip_norm=numbers("value", value, **RANGES["clip_norm"]))
    return _Parts(rules.Simultaneous(), schedules.simultaneous(), SETTINGS["numerics"], amend)


@_published
def negative_momentum(momentum: float = -0.5):
    """Alternating with momentum below zero, `b1` below zero for Adam (Gidel et al., 2019, "Negative momentum")."""
    return _Parts(rules.Simultaneous(), schedules.alternating(), SETTINGS["analytic"], _momentum(momentum))


@_published
def optimistic(optimism: float = 1.0):
    """Optimistic gradients: the optimiser's uₜ + optimism · (uₜ − uₜ₋₁) in uₜ's place (Daskalakis et al., 2018)."""
    amend = _amended(optimism=optimism)
    return _Parts(rules.Simultaneous(), schedules.simultaneous(), SETTINGS["unrolled-paper"], amend)


@_published
def extragradient(same_batch: bool = True, keep: bool = False):
    """A trial step, then the real one along the direction found there; ExtraAdam with `keep` (Gidel et al., 2019)."""
    return _Parts(rules.Simultaneous(), schedules.extragradient(same_batch, keep), SETTINGS["unrolled-paper"])


@_published
def extrapolation_from_past():
    """Extragradient at one gradient a step, its trial reusing the last direction (Gidel et al., 2019, section 3.2)."""
    return _Parts(rules.Simultaneous(), schedules.extrapolation_from_past(), SETTINGS["unrolled-paper"])


@_published
def lookahead(steps: int = 5, weight: float = 0.5):
    """Alternating steps, part of which is taken back every `steps` of them (Chavdarova et al., 2021)."""
    inner = schedules.alternating()
    return _Parts(rules.Simultaneous(), schedules.lookahead(steps, weight, inner), SETTINGS["unrolled-paper"])


@_published
def consensus(gamma: Any = 10.0, rate: float | None = None, target: float = 0.0):
    """Consensus optimisation, v − γ Jᵀv (Mescheder, Nowozin, Geiger, 2017); γ adapts with a `rate`, see the rule."""
    return _Parts(rules.Consensus(gamma, rate, target), schedules.simultaneous(), SETTINGS["numerics"])


@_published
def consensus_discriminator(gamma: float = 10.0):
    """Consensus on the discriminator only: is it just a smooth discriminator? (a reviewer's question)."""
    return _Parts(rules.Consensus([[0.0, 0.0], [gamma, gamma]]), schedules.simultaneous(), SETTINGS["numerics"])


@_published
def jare(gamma: float = 10.0):
    """JARE: each player is penalised by the other's squared gradient norm (Nie, Patel, 2019)."""
    return _Parts(rules.Consensus([[0.0, gamma], [gamma, 0.0]]), schedules.simultaneous(), SETTINGS["numerics"])


@_published
def smooth(gamma: float = 10.0):
    """The discriminator alone is penalised by the generator's squared gradient norm (a rival in the Numerics' code)."""
    return _Parts(rules.Consensus([[0.0, 0.0], [gamma, 0.0]]), schedules.simultaneous(), SETTINGS["numerics"])


@_published
def symplectic(weight: float = 1.0, align: bool = True):
    """Symplectic gradient adjustment (Balduzzi et al., 2018)."""
    return _Parts(rules.Symplectic(weight, align), schedules.simultaneous(), SETTINGS["numerics"])


@_published
def neumann(order: int = 2, gamma: float = 0.1):
    """Consensus continued to higher powers of the transposed Jacobian, Σ (−γJᵀ)ᵏ v (a reviewer's question)."""
    return _Parts(rules.Neumann(order, gamma), schedules.simultaneous(), SETTINGS["numerics"])


@_published
def krylov(order: int = 1, transposed: bool = True):
    """The direction of a Krylov space with the smallest residual ‖ξ − Hp‖, consensus's space unless told otherwise."""
    return _Parts(rules.Krylov(order, transposed), schedules.simultaneous(), SETTINGS["analytic"])


@_published
def newton(damping: float = 0.1):
    """Newton's method on the field, damped: (J − damping I)⁻¹ v is descended."""
    return _Parts(rules.Newton(damping), schedules.simultaneous(), SETTINGS["analytic"])


def competitive(
    step: float | None = None, *, schedule=None, generator=None, discriminator=None, learning_rate=None
) -> Method:
    """Competitive gradient descent (Schäfer, Anandkumar, 2019), exact under sgd with the rule's step as learning rate.

    `step` is by default the generator's learning rate; under another optimiser it only shapes the direction.
    """
    plain = _published(lambda: _Parts(rules.Simultaneous(), schedules.simultaneous(), SETTINGS["analytic"]))
    method = plain(schedule=schedule, generator=generator, discriminator=discriminator, learning_rate=learning_rate)
    if step is None:
        step = _learning_rate("step", method.generator)
    return Method(
        rules.Competitive(step),
        method.schedule,
        generator=method.generator,
        discriminator=method.discriminator,
    )


@_published
def unrolled(steps: int = 10, second_order: bool = True):
    """Unrolled GANs (Metz, Poole, Pfau, Sohl-Dickstein, 2017), as released: both move from the same point.

    The discriminator's optimiser is differentiated: where it has `eps_root` and that is 0, it is set to 1e-16, or
    the square root of a dead unit's zero second moment would make the gradient NaN.
    """
    return _Parts(rules.Unrolled(steps, second_order), schedules.simultaneous(), SETTINGS["unrolled"], _differentiable)


@_published
def delayed(steps: int = 10):
    """The generator answers the discriminator of `steps` steps ago (an ablation of the unrolled paper)."""
    return _Parts(rules.Delayed(steps), schedules.simultaneous(), SETTINGS["unrolled"])


@_published
def averaged(decay: float = 1.0):
    """The generator answers the discriminator's historical average (an ablation of the unrolled paper)."""
    return _Parts(rules.Averaged(decay), schedules.simultaneous(), SETTINGS["unrolled"])


METHODS = {
    function.__name__: function
    for function in (
        alternating,
        averaged,
        clipped,
        clipped_norm,
        competitive,
        consensus,
        consensus_discriminator,
        delayed,
        extragradient,
        extrapolation_from_past,
        jare,
        krylov,
        lookahead,
        negative_momentum,
        neumann,
        newton,
        optimistic,
        simultaneous,
        smooth,
        symplectic,
        two_time_scales,
        unrolled,
    )
}
