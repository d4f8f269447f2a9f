"""Signals of training: how far the next step goes, how the discriminator scores, how diverse samples are."""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from saddlery.analysis.measures import Measure, by_name
from saddlery.games.gan import as_gan
from saddlery.method import Method
from saddlery.metrics.diversity import nearest, width
from saddlery.metrics.separation import separation
from saddlery.metrics.sketch import Sketch
from saddlery.runs.method_probe import MethodProbe
from saddlery.types import Key, Memory, Players

DRAWN = {
    each.name: each
    for each in (
        Measure("separation", "Separation", "pairs in which a real sample has the higher score than a generated one",
                "share of pairs (%)", kind="training", form="percent", scale="share"),
        Measure("spread", "Spread of samples", "their distance from their mean over that of real ones",
                "spread (over real ones')", kind="training", scale="log"),
        Measure("nearest", "Nearest neighbours", "distance of a sample to the nearest other over that of real ones",
                "distance (over real ones')", kind="training", scale="log"),
    )
}  # fmt: skip
FIXED = 32  # noise vectors whose samples are followed along training


class Signals(MethodProbe):
    """A probe of cheap signals: one step of training, one pass of the networks.

    - `generator_update`, `discriminator_update`: ‖Δθ‖ of the player in the step that the method would take from here on
      a fresh batch; `generator_size`, `discriminator_size`: ‖θ‖.
    - `sketch` (part): both players' parameters, in a `Sketch`.

    Of a GAN also, of the samples of that batch:

    - `separation`: the share of pairs in which the real sample has the higher score, ties counting half: ½ where the
      discriminator cannot tell real from generated, 1 where it always can (the area under its ROC curve).
    - `gap`: the mean score of real samples less that of generated ones, over the standard deviation of all scores.
    - `spread`: the root mean square distance of generated samples from their mean, over that of real ones.
    - `nearest`: the mean distance of a generated sample to the nearest other one, over that among as many real ones.
    - `followed` (sketched): the samples of the same 32 noise vectors, in a `Sketch`: differences between records say
      how far samples moved; `width`: the root mean square distance of real samples from their mean.

        >>> import saddlery as sd
        >>> game, method = sd.games.bilinear(), sd.methods.simultaneous(learning_rate=0.1)
        >>> players = sd.Pair(jnp.array([3.0]), jnp.array([4.0]))
        >>> found = Signals()(game, players, jax.random.key(0), method, method.init(game, players))
        >>> {name: round(float(found[name]), 3) for name in ("generator_update", "discriminator_update")}  # 0.1 · 4, 3
        {'generator_update': 0.4, 'discriminator_update': 0.3}
    """

    @property
    def dims(self) -> dict[str, tuple[str, ...]]:
        """The axes of `sketch` and `followed`."""
        return {"sketch": ("part",), "followed": ("sketched",)}

    @property
    def measures(self) -> dict[str, Measure]:
        """Three are drawn beside losses and norms; what signals are made of otherwise is recorded only."""
        details = ("generator_update", "discriminator_update", "generator_size", "discriminator_size", "gap", "width")
        return DRAWN | {name: by_name(name, name, "detail") for name in details}

    def measure(self, game: Any, players: Players, key: Key, method: Method, state: Memory) -> dict[str, Any]:
        """The variables that the probe records."""
        after, _ = method.step(game, players, state, key)
        found: dict[str, Any] = {"sketch": Sketch.of(players).position(players)}
        for name, before, now in zip(players._fields, players, after, strict=True):
            found[f"{name}_update"] = optax.tree.norm(optax.tree.sub(now, before))
            found[f"{name}_size"] = optax.tree.norm(before)
        gan = as_gan(game)
        if gan is None:
            return found
        batch = game.draw(key)
        real, generated = batch.real, game.act(players.generator, batch)
        scores = [gan.discriminator.apply(players.discriminator, x).reshape(len(x)) for x in (real, generated)]
        followed = game.sample(players.generator, jax.random.key(0), FIXED)
        return found | {
            "separation": separation(*scores),
            "gap": (scores[0].mean() - scores[1].mean()) / (jnp.concatenate(scores).std() + _tiny(scores[0])),
            "spread": width(generated) / width(real),
            "nearest": nearest(generated) / nearest(real),
            "width": width(real),
            "followed": Sketch.of((followed, ())).position((followed, ())),  # type: ignore[arg-type]
        }


def _tiny(x):
    return jnp.finfo(x.dtype).tiny
