"""Smoothness of a generator: norms of its Jacobian ∂G/∂z."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.networks import Network
from saddlery.text.arguments import whole
from saddlery.types import Key, Parameters

SQUARED = 24  # times, after which eigenvalues that are less by one in a million are gone
AT_ONCE = 16  # points whose Jacobians are in memory together


class JacobianNorms(NamedTuple):
    """Norms of the Jacobian ∂G/∂z at each z, the pixels of G flattened.

    - `frobenius`: √Σ J_ij², how far pixels move in all for a small random change of z.
    - `spectral`: the largest singular value, how far for the worst one.
    """

    frobenius: Float[Array, " points"]
    spectral: Float[Array, " points"]


def jacobian_norms(
    generator: Network,
    parameters: Parameters,
    z: Float[Array, "points d"],
    key: Key | None = None,
    probes: int | None = None,
) -> JacobianNorms:
    """Norms of the Jacobian ∂G/∂z at each z: exactly, or estimated from a few Jacobian products.

    A generator that is less smooth is harder to invert, whatever it covers; so inversion errors are to be read beside
    these. Estimated, the squared Frobenius norm is E‖Jv‖² over signs v (Hutchinson, 1990), and the spectral norm is
    that of `probes` power iterations v ← JᵀJv / ‖JᵀJv‖, from below.

        >>> from saddlery.networks import MLP
        >>> linear = ({"weight": jnp.diag(jnp.array([3.0, 4.0])), "bias": jnp.zeros(2)},)
        >>> found = jacobian_norms(MLP(2, 2, ()), linear, jnp.zeros((1, 2)))
        >>> found.frobenius.round(4).tolist(), found.spectral.round(4).tolist()  # √(3² + 4²), and 4
        ([5.0], [4.0])

    **Arguments:**
    - `generator`, `parameters`: of independent samples.
    - `z`: where.
    - `key`, `probes`: of the estimate and its number of products; when `probes` is `None` all d columns of J are
      computed.

    **Raises:** `ValueError` for probes without a key, a number of them that makes no sense, and z that are not finite.
    """
    if probes is not None and key is None:
        raise InvalidValue("key: got None, expected a jax.random.key when there are probes")
    z = jnp.asarray(entry.numbers("z", z, axes=2), float)
    return _norms(generator, parameters, z, key, None if probes is None else whole("probes", probes))


@eqx.filter_jit
def _norms(generator, parameters, z, key, probes):
    def make(z):
        return generator.apply(parameters, z[None]).ravel()

    def exact(z):
        J = jax.jacfwd(make)(z)
        return JacobianNorms(jnp.linalg.norm(J), _spectral(J))

    def estimated(z, key, probes):
        _, push = jax.linearize(make, z)
        pull = jax.linear_transpose(push, z)
        signs = jax.random.rademacher(key, (probes, *z.shape), z.dtype)
        frobenius = jnp.sqrt((jax.vmap(push)(signs) ** 2).sum(1).mean())
        v = jax.lax.fori_loop(0, probes, lambda i, v: _unit(pull(push(v))[0]), _unit(jax.random.normal(key, z.shape)))
        return JacobianNorms(frobenius, jnp.linalg.norm(push(v)))

    if probes is None:
        return jax.lax.map(exact, z, batch_size=AT_ONCE)
    return jax.lax.map(
        lambda each: estimated(each[0], each[1], probes), (z, jax.random.split(key, len(z))), batch_size=AT_ONCE
    )


def _spectral(J):
    """The largest singular value, from JᵀJ squared so often that only its largest eigenvalue is left.

    Not by LAPACK, which two threads at once can bring to a halt: JAX has it wait, in XLA's pool of threads, for others
    of that pool.
    """
    gram = J.T @ J
    tiny = jnp.finfo(J.dtype).tiny

    def square(_, P):
        P = P @ P
        return P / jnp.maximum(jnp.trace(P), tiny)

    P = jax.lax.fori_loop(0, SQUARED, square, gram / jnp.maximum(jnp.trace(gram), tiny))
    return jnp.sqrt(jnp.vdot(gram, P))


def _unit(v):
    return v / jnp.maximum(jnp.linalg.norm(v), jnp.finfo(v.dtype).tiny)
