"""Consensus optimisation as a constrained problem: γ is the multiplier of a bound on the gradient's norm."""

from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from saddlery.arrays import numbers
from saddlery.game import Game
from saddlery.rules.independent import half_square, independent, transposed_products
from saddlery.rules.rule import Rule, RuleInput
from saddlery.text.arguments import whole
from saddlery.types import Players, Scalar


class Control(NamedTuple):
    """The state of an adaptive γ: `gamma` is what the next step uses.

    - `step`: steps taken.
    - `measured`: m̄, the average of ½‖ξ‖² as measured so far; `reference`: b, what it was during the warm-up.
    - `multiplier`: λ.
    """

    step: Int[Array, ""]
    measured: Scalar
    reference: Scalar
    multiplier: Scalar
    gamma: Scalar


class AdaptiveConsensus(Rule):
    """Consensus optimisation with an adaptive γ: each player descends its loss subject to ½‖v‖² ≤ c.

        descend ξ + γₜ Hᵀξ,     mₜ = ½⟨ξ₁, ξ₂⟩ of two batches (½‖ξ‖² of one),     m̄ₜ = β m̄ₜ₋₁ + (1 − β) mₜ
        eₜ = m̄ₜ / c − 1,     λₜ₊₁ = max(0, λₜ + rate · eₜ),     γₜ₊₁ = max(0, λₜ₊₁ + penalty · eₜ)

    | penalty | form |
    |---|---|
    | 0 | the Lagrangian's: γ is the multiplier λ, found by dual ascent (integral control) |
    | κ > 0 | the augmented Lagrangian's, a multiplier and a penalty (proportional and integral control) |

    The second descends L + (c/2κ)(max(0, λ + κg)² − λ²), g = ½‖v‖²/c − 1, whose gradient is that of L plus
    max(0, λ + κg) ∇½‖v‖². Dual ascent alone swings about the γ that holds the constraint, since γ goes on growing as
    long as ‖v‖ is too large, however fast it falls; the penalty damps that, as Stooke, Achiam, Abbeel (2020) show for
    constrained reinforcement learning. Both let γ fall where the constraint holds. That γ may be a multiplier, as in
    ADMM, was a reviewer's question to Mescheder, Nowozin and Geiger (2017); how it is measured and scaled is ours.

    The bound is `target`, or a `fraction` of the baseline's: for `warmup` steps γ is 0, so that training is
    simultaneous descent, and c = fraction · b, b the mean of its mₜ. γ is of the step before, so that it does not
    depend on the batches whose Hᵀξ it multiplies. Training records it: `run.history["gamma"]`.

        >>> import jax.numpy as jnp
        >>> import saddlery as sd
        >>> game, players = sd.games.bilinear(coupling=2.0), sd.Pair(jnp.array([3.0]), jnp.array([5.0]))
        >>> inputs = sd.rules.RuleInput(game, players, (), None, None)  # ½‖ξ‖² = 68, so e = 1 for a bound of 34
        >>> rule = sd.rules.AdaptiveConsensus(rate=0.25, penalty=0.5, target=34.0, smoothing=0.0)
        >>> _, state = rule(inputs, rule.init(game, players))
        >>> float(state.multiplier), float(state.gamma)
        (0.25, 0.75)

    **Arguments:**
    - `rate`: how much λ changes a step for each multiple of c above it; `penalty`: κ.
    - `fraction`: of the baseline's ½‖v‖², above 0; `target`: the bound itself in its place, above 0, and no warm-up.
    - `gamma`: γ and λ at first, after the warm-up.
    - `warmup`: steps of simultaneous descent that measure the baseline.
    - `smoothing`: β, of the measured ½‖v‖².
    - `batches`: independent batches of an evaluation; with 1 the variance of the gradient counts as if it were v.

    **Raises:** `ValueError` for numbers out of range.
    """

    rate: Any = eqx.field(converter=partial(numbers, "rate", least=0.0), default=0.01)
    penalty: Any = eqx.field(converter=partial(numbers, "penalty", least=0.0), default=0.0)
    fraction: Any = eqx.field(converter=partial(numbers, "fraction", above=0.0), default=0.1)
    target: Any = eqx.field(
        converter=lambda target: None if target is None else numbers("target", target, above=0.0), default=None
    )
    gamma: Any = eqx.field(converter=partial(numbers, "gamma", least=0.0), default=0.0)
    warmup: int = eqx.field(static=True, converter=partial(whole, "warmup"), default=100)
    smoothing: Any = eqx.field(converter=partial(numbers, "smoothing", least=0.0, below=1.0), default=0.9)
    batches: int = eqx.field(static=True, converter=partial(whole, "batches", most=2), default=2)

    def init(self, game: Game, players: Players) -> Control:
        """The initial state: nothing is measured, and γ is 0 during the warm-up."""
        number = partial(jnp.asarray, dtype=jnp.finfo(jnp.result_type(*jax.tree.leaves(players))).dtype)
        zero, multiplier = number(0.0), number(self.gamma)
        return Control(jnp.zeros((), jnp.int32), zero, zero, multiplier, zero if self.target is None else multiplier)

    def evaluations(self, dimension: int) -> int:
        """Gradient evaluations of a batch: the gradient and a product with Hᵀ."""
        return 2 * self.batches

    def records(self, state: Control) -> dict[str, Scalar]:
        """γ and the measured ½‖v‖², as `gamma` and `half_square` of a run's history."""
        return {"gamma": state.gamma, "half_square": state.measured}

    def __call__(self, inputs: RuleInput, state: Control) -> tuple[Players, Control]:
        """The gradient regularised by the present γ, and the state with the next one."""
        xi, factors = independent(inputs, self.batches)
        pulled = transposed_products(factors)
        return optax.tree.add_scale(xi, state.gamma, pulled), self._next(state, half_square(factors))

    def _next(self, state: Control, now: Scalar) -> Control:
        number = partial(jnp.asarray, dtype=state.gamma.dtype)
        step, rate, penalty = state.step + 1, number(self.rate), number(self.penalty)
        warm = jnp.asarray(self.target is None) & (step <= self.warmup)
        mean = 1 / number(step)
        share = jnp.where(warm, mean, jnp.maximum(mean, 1 - number(self.smoothing)))
        measured = state.measured + share * (number(now) - state.measured)
        reference = jnp.where(warm, measured, state.reference)
        bound = number(self.fraction) * reference if self.target is None else number(self.target)
        known = bound > 0  # a baseline that is not told from zero leaves nothing to bound
        excess = jnp.where(known, measured / jnp.where(known, bound, 1.0) - 1, -1.0)
        multiplier = jnp.where(warm, state.multiplier, jnp.maximum(0.0, state.multiplier + rate * excess))
        gamma = jnp.where(warm & (step < self.warmup), 0.0, jnp.maximum(0.0, multiplier + penalty * excess))
        return Control(step, measured, reference, multiplier, gamma)
