"""Best-response dynamics: the generator descends against the best discriminator there is."""

import jax
import jax.numpy as jnp

from saddlery.errors import InvalidType
from saddlery.game import Game
from saddlery.rules import Rule
from saddlery.schedules.schedule import Schedule, State, descend, direct, draws
from saddlery.types import Key, Memory, Pair, Players


class BestResponse(Schedule):
    """Best-response dynamics: the discriminator becomes the exact maximiser, then the generator moves against it.

        d = game.best_response(g),   g⁺ = g − η (the rule's direction of the generator at (g, d))

    The optimal dynamics of Li, Madry, Peebles, Schmidt (2018). By Danskin's theorem the generator's gradient at d is
    that of the loss that it has against its best opponent. A game of samples, such as
    `saddlery.games.random_features`, has `best_response_on(g, batch, start)` in its place: the maximiser on the batch
    that the generator then moves on. The discriminator's optimiser is not used. Infinite numbers of the maximiser are
    held as the largest finite ones, which training does not take for a divergence.

        >>> import jax, jax.numpy as jnp
        >>> import saddlery as sd
        >>> game = sd.games.two_gaussians(target=(0.0, 0.0))
        >>> method = sd.methods.simultaneous(schedule="best_response").for_game(game)
        >>> players = sd.Pair(jnp.array([1.0, 1.0]), jnp.zeros(4))
        >>> moved, _ = method.step(game, players, method.init(game, players), jax.random.key(0))
        >>> round(float(moved.discriminator[1]), 3)  # N(0, 1) is above N(1, 1) up to ½
        0.5

    **Raises:** `TypeError` at the start for a game without `best_response`.
    """

    @property
    def moved(self) -> tuple[str, ...]:
        """The generator alone is moved by its optimiser."""
        return ("generator",)

    def init(self, game: Game, rule: Rule, players: Players) -> Memory:
        """The initial memory: none, once it is sure that the game knows its maximiser."""
        if not any(callable(getattr(game, name, None)) for name in ("best_response", "best_response_on")):
            raise InvalidType(
                f"schedule: best_response needs a game with a method best_response(generator) -> discriminator, such "
                f"as two_gaussians; this {type(game).__name__} has none"
            )
        return ()

    def step(
        self, game: Game, rule: Rule, optimisers: Pair, players: Players, state: State, key: Key
    ) -> tuple[Players, State]:
        """Take one step: the best discriminator, and the generator's move against it."""
        batches = draws(game, rule, key)
        if (on_batch := getattr(game, "best_response_on", None)) is None:
            best = game.best_response(players.generator)  # pyright: ignore[reportAttributeAccessIssue]
        else:
            best = on_batch(players.generator, batches[0], players.discriminator)
        players = players._replace(discriminator=jax.tree.map(_finite, best))
        directions, memory = direct(game, rule, optimisers, players, state.optimisers, batches, state.rule)
        generator, of_generator = descend(
            optimisers.generator, directions.generator, state.optimisers.generator, players.generator
        )
        states = state.optimisers._replace(generator=of_generator)
        return players._replace(generator=generator), state._replace(optimisers=states, rule=memory)


def _finite(x):
    """The nearest finite numbers; what is no number stays so."""
    return jnp.clip(x, jnp.finfo(x.dtype).min, jnp.finfo(x.dtype).max)
