"""A constrained problem as a game: the parameters against the Lagrange multipliers of the constraints.

    minimise ½ xᵀP x + q·x  subject to  C x = b        L(x, μ) = ½ xᵀP x + q·x + μ·(C x − b)

The parameters x descend L and the multipliers μ ascend it; their equilibrium solves the problem (Karush, Kuhn, Tucker).
Here P is flat in half of the directions, which the multipliers alone hold: the field rotates there, and descent from
both sides at once spirals away at a step where the methods made for games converge.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import saddlery as sd


class Constrained(eqx.Module):
    """The Lagrangian of a quadratic problem with linear constraints."""

    P: jax.Array = eqx.field(converter=jnp.asarray)
    q: jax.Array = eqx.field(converter=jnp.asarray)
    C: jax.Array = eqx.field(converter=jnp.asarray)
    b: jax.Array = eqx.field(converter=jnp.asarray)

    def init(self, key):
        """The parameters random, the multipliers zero."""
        return sd.Pair(jax.random.normal(key, self.q.shape), jnp.zeros_like(self.b))

    def draw(self, key):
        """Nothing: the problem is deterministic."""
        return ()

    def act(self, x, batch):
        """What the multipliers get to see: all of the parameters."""
        return x

    def losses(self, multipliers, x, batch):
        """The Lagrangian, and its negative."""
        lagrangian = 0.5 * x @ self.P @ x + self.q @ x + multipliers @ (self.C @ x - self.b)
        return sd.Pair(lagrangian, -lagrangian)


def main(steps=1000):
    """Print how far from the solution each method ends, and return it by method."""
    P, q = np.diag([1.0, 1.0, 0.0, 0.0]), np.array([1.0, -2.0, 0.5, 0.0])
    C, b = np.array([[1.0, 0.0, 2.0, 0.0], [0.0, 1.0, 0.0, 2.0]]), np.array([1.0, 3.0])
    solution = np.linalg.solve(np.block([[P, C.T], [C, np.zeros((2, 2))]]), np.concatenate([-q, b]))[:4]
    descent = {"generator": "sgd(learning_rate=0.1)", "discriminator": "sgd(learning_rate=0.1)"}
    methods = {
        "simultaneous": sd.methods.simultaneous(**descent),
        "extragradient": sd.methods.extragradient(**descent),
        "consensus": sd.methods.consensus(gamma=1.0, **descent),
    }
    error = {}
    for name, method in methods.items():
        run = sd.train(Constrained(P, q, C, b), method, steps=steps, key=jax.random.key(0)).only
        x = np.asarray(run.players.generator, float)
        error[name] = float(np.abs(x - solution).max())
        print(f"{name:14s} x = {np.round(x, 3)}, error {error[name]:.1e}")
    print(f"{'exactly':14s} x = {np.round(solution, 3)}")
    return error


if __name__ == "__main__":
    main()
