import jax
import jax.numpy as jnp
import numpy as np
import pytest

from saddlery.networks.batch_norm import batch_norm


@pytest.mark.parametrize("shape", [(5, 7), (3, 4, 2, 6)])
def test_features_have_mean_zero_and_the_variance_of_the_formula(float64, shape):
    x = np.random.default_rng(0).normal(3.0, 2.0, shape)
    y = np.asarray(batch_norm(jnp.asarray(x), epsilon=0.1)).reshape(len(x), -1)
    variance = x.reshape(len(x), -1).var(axis=1)
    np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-12)
    np.testing.assert_allclose(y.var(axis=1), variance / (variance + 0.1), rtol=1e-12)


def test_neither_a_shift_nor_a_scale_of_a_feature_is_seen(float64):
    x = jnp.asarray(np.random.default_rng(0).normal(size=(3, 8)))
    shift, scale = jnp.asarray([[1.0], [-2.0], [5.0]]), jnp.asarray([[2.0], [0.5], [10.0]])
    np.testing.assert_allclose(batch_norm(scale * x + shift, 0.0), batch_norm(x, 0.0), atol=1e-12)


def test_statistics_of_few_bits_are_taken_in_more():
    x = jnp.asarray(np.random.default_rng(0).normal(100.0, 1.0, (2, 4096)), jnp.bfloat16)
    y = batch_norm(x)
    assert y.dtype == jnp.bfloat16
    rounded = np.asarray(x, float)
    expected = (rounded - rounded.mean(1, keepdims=True)) / rounded.std(1, keepdims=True)
    np.testing.assert_allclose(np.asarray(y, float), expected, atol=0.02)


def test_a_constant_feature_has_a_finite_derivative():
    assert jnp.isfinite(jax.grad(lambda x: jnp.sum(jnp.sin(batch_norm(x))))(jnp.ones((2, 3)))).all()
