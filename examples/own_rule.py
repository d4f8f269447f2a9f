"""A rule of one's own in twenty lines, trained beside the others on the bilinear game, where descent spirals outwards.

The rule is the optimistic gradient: each player descends 2ξₜ − ξₜ₋₁, its gradient and how it last changed (Popov, 1980;
Daskalakis, Ilyas, Syrgkanis, Zeng, 2018). It needs what a rule may have: a state, here the last gradient.
"""

import jax
import numpy as np
import optax

import saddlery as sd


class Optimistic(sd.rules.Rule):
    """Descend 2ξₜ − ξₜ₋₁, with ξ₋₁ = 0."""

    def init(self, game, players):
        """The last gradient: none yet."""
        return optax.tree.zeros_like(players)

    def __call__(self, inputs, last):
        """The extrapolated gradient, and this gradient to be the last."""
        now = sd.gradients(inputs.game, inputs.players, inputs.batch)
        return jax.tree.map(lambda a, b: 2 * a - b, now, last), now


def main(steps=500):
    """Print how far from the saddle point each method ends, and return it by method."""
    game = sd.games.bilinear(dimension=4)
    descent = {"generator": "sgd(learning_rate=0.1)", "discriminator": "sgd(learning_rate=0.1)"}
    methods = {
        "own rule": sd.Method(
            Optimistic(),
            sd.schedules.simultaneous(),
            generator=sd.optimiser("sgd", learning_rate=0.1),
            discriminator=sd.optimiser("sgd", learning_rate=0.1),
        ),
        "optimistic": sd.methods.optimistic(**descent),
        "simultaneous": sd.methods.simultaneous(**descent),
        "alternating": sd.methods.alternating(**descent),
        "extragradient": sd.methods.extragradient(**descent),
        "consensus": sd.methods.consensus(gamma=1.0, **descent),
    }
    distance = {}
    for name, method in methods.items():
        run = sd.train(game, method, steps=steps, key=jax.random.key(0)).only
        distance[name] = float(np.linalg.norm(np.concatenate(run.players)))
        print(f"{name:14s} {distance[name]:.2e} from the saddle point after {steps} steps")
    return distance


if __name__ == "__main__":
    main()
