"""An actor–critic as a game, on a problem with a known answer: the linear-quadratic regulator.

    x′ = A x + B u,   cost xᵀQ x + uᵀR u,   policy u = −K x,   critic q(x, u) = (x, u)ᵀ M (x, u)

The generator is the actor: it descends the critic's value of its own actions. The discriminator is the critic: it
descends the squared Bellman error, cost + q(x′, −K x′) − q(x, u), on random states and actions. At their equilibrium
the critic is exact and the actor greedy with respect to it, which is Bellman's equation: K solves Riccati's. Also its
solutions that do not stabilise are equilibria; they are not found from u = 0 when the actor is the slower player.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from scipy.linalg import solve_discrete_are

import saddlery as sd

A, B = np.array([[0.8, 0.3], [0.0, 0.6]]), np.array([[0.0], [1.0]])
Q, R = np.eye(2), np.array([[0.5]])


class ActorCritic(eqx.Module):
    """The regulator's actor and critic."""

    batch: int = eqx.field(static=True, default=256)

    def init(self, key):
        """No control, which is stable here, and a critic that values nothing."""
        return sd.Pair(jnp.zeros((1, 2)), jnp.zeros((3, 3)))

    def draw(self, key):
        """States, and actions that explore."""
        states, actions = jax.random.split(key)
        return jax.random.normal(states, (self.batch, 2)), jax.random.normal(actions, (self.batch, 1))

    def act(self, gain, batch):
        """What the critic gets to see of the policy: its actions in the states, and in those that follow."""
        x, u = batch
        return -x @ gain.T, -(x @ A.T + u @ B.T) @ gain.T

    def losses(self, critic, samples, batch):
        """The value of the policy's actions, and the squared Bellman error."""
        (x, u), (chosen, next_chosen) = batch, samples

        def value(x, u):
            pairs = jnp.concatenate([x, u], axis=1)
            return jnp.sum(pairs @ critic * pairs, axis=1)

        cost = jnp.sum(x @ Q * x, axis=1) + jnp.sum(u @ R * u, axis=1)
        error = cost + value(x @ A.T + u @ B.T, next_chosen) - value(x, u)
        return sd.Pair(value(x, chosen).mean(), 0.5 * (error**2).mean())


def main(steps=2000):
    """Print the policy that each method finds beside the exact one, and return the errors."""
    P = solve_discrete_are(A, B, Q, R)
    exact = np.linalg.solve(R + B.T @ P @ B, B.T @ P @ A)
    descent = {"generator": "sgd(learning_rate=0.03)", "discriminator": "sgd(learning_rate=0.02)"}
    methods = {
        "simultaneous": sd.methods.simultaneous(**descent),
        "alternating": sd.methods.alternating(discriminator_steps=3, **descent),
        "extragradient": sd.methods.extragradient(**descent),
    }
    error = {}
    for name, method in methods.items():
        run = sd.train(ActorCritic(), method, steps=steps, key=jax.random.key(0)).only
        gain = np.asarray(run.players.generator, float)
        error[name] = float(np.abs(gain - exact).max())
        print(f"{name:14s} K = {np.round(gain, 3)}, error {error[name]:.1e}")
    print(f"{'Riccati':14s} K = {np.round(exact, 3)}")
    return error


if __name__ == "__main__":
    main()
