import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.metrics import Identity, jacobian_norms
from saddlery.networks import MLP

pytestmark = pytest.mark.long

KEY = jax.random.key(0)


def test_norms_are_those_of_finite_differences(float64):
    generator = MLP(4, (3, 3, 1), (8,), "tanh", "tanh")
    parameters = generator.init(KEY)
    z = np.random.default_rng(0).normal(size=(5, 4))

    def make(z):
        return np.asarray(generator.apply(parameters, jnp.asarray(z)[None])).ravel()

    norms = jacobian_norms(generator, parameters, jnp.asarray(z))
    for i, point in enumerate(z):
        J = np.stack([(make(point + 1e-6 * e) - make(point - 1e-6 * e)) / 2e-6 for e in np.eye(4)], axis=1)
        assert float(norms.frobenius[i]) == pytest.approx(np.linalg.norm(J), rel=1e-6)
        assert float(norms.spectral[i]) == pytest.approx(np.linalg.svd(J)[1][0], rel=1e-6)


def test_estimates_agree_with_the_exact_norms(float64):
    generator = MLP(6, 40, (30,), "tanh", "tanh", gain=1.5)
    parameters = generator.init(KEY)
    z = jax.random.normal(KEY, (20, 6))
    exact, estimated = jacobian_norms(generator, parameters, z), jacobian_norms(generator, parameters, z, KEY, 60)
    np.testing.assert_allclose((estimated.frobenius**2).mean(), (exact.frobenius**2).mean(), rtol=0.05)
    np.testing.assert_allclose(estimated.spectral, exact.spectral, rtol=0.02)
    assert (estimated.spectral <= exact.spectral * (1 + 1e-9)).all()


def test_the_identity_stretches_nothing():
    control = Identity((3, 3, 1))
    norms = jacobian_norms(control, (), jax.random.normal(KEY, (2, 9)))
    np.testing.assert_allclose(norms.frobenius, 3.0, rtol=1e-6)
    np.testing.assert_allclose(norms.spectral, 1.0, rtol=1e-6)


def test_probes_need_a_key():
    with pytest.raises(ValueError, match="key: got None"):
        jacobian_norms(Identity((3,)), (), jnp.zeros((1, 3)), probes=4)


def test_no_decomposition_by_lapack():
    """Two threads at once would have each other's decompositions of several matrices wait for ever."""
    program = str(jax.make_jaxpr(lambda z: jacobian_norms(Identity((3,)), (), z))(jnp.zeros((5, 3))))
    assert "svd" not in program
    assert "eigh" not in program


def test_a_generator_that_always_makes_the_same_is_flat():
    generator = MLP(3, (2, 2, 1), ())
    norms = jacobian_norms(generator, jax.tree.map(jnp.zeros_like, generator.init(KEY)), jnp.ones((2, 3)))
    np.testing.assert_array_equal(norms.spectral, 0.0)
    np.testing.assert_array_equal(norms.frobenius, 0.0)
