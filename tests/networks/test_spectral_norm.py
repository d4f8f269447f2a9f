import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from saddlery.networks import MLP, DCGANDiscriminator, SpectralNorm
from saddlery.networks.spectral_norm import largest_singular_value


def matrix(seed, rows=7, columns=5):
    return jnp.asarray(np.random.default_rng(seed).normal(size=(rows, columns)))


@pytest.mark.parametrize("seed", range(3))
def test_sigma_is_the_largest_singular_value_and_never_more(float64, seed):
    W = matrix(seed)
    largest = np.linalg.svd(W, compute_uv=False)[0]
    np.testing.assert_allclose(largest_singular_value(W, 300), largest, rtol=1e-8)
    estimates = [float(largest_singular_value(W, n)) for n in (1, 2, 5, 20)]
    assert sorted(estimates) == estimates
    assert estimates[-1] <= largest * (1 + 1e-12)


def test_where_it_has_converged_the_derivative_is_exact(float64):
    W = matrix(0)
    u, _, vt = np.linalg.svd(W, full_matrices=False)
    found = jax.grad(lambda W: largest_singular_value(W, 300))(W)
    np.testing.assert_allclose(found, np.outer(u[:, 0], vt[0]), atol=1e-7)
    check_grads(lambda W: W / largest_singular_value(W, 300), (W,), order=1, modes=["fwd", "rev"], rtol=1e-4)


def test_no_derivative_is_taken_of_the_iteration(float64):
    W = matrix(0)
    gradient = jax.grad(lambda W: largest_singular_value(W, 1))(W)
    assert np.linalg.matrix_rank(gradient) == 1  # u vᵀ, of whatever u and v
    np.testing.assert_allclose(jnp.vdot(gradient, W), largest_singular_value(W, 1), rtol=1e-12)


def test_matrices_and_kernels_are_normalised_and_biases_are_not(float64):
    network = SpectralNorm(DCGANDiscriminator(8, 1, (3, 4)), 200)
    parameters = jax.tree.map(lambda leaf: leaf + 1.0, network.init(jax.random.key(0)))
    for path, leaf in jax.tree_util.tree_leaves_with_path(network.normalised(parameters)):
        if "bias" in jax.tree_util.keystr(path):
            np.testing.assert_array_equal(leaf, 1.0)
        else:
            largest = np.linalg.svd(np.asarray(leaf).reshape(-1, leaf.shape[-1]), compute_uv=False)[0]
            np.testing.assert_allclose(largest, 1, rtol=1e-6)


def test_scores_are_1_lipschitz_and_do_not_see_the_scale_of_weights(float64):
    network = SpectralNorm(MLP(6, 1, (20, 20), "leaky_relu"), 100)
    parameters = network.init(jax.random.key(0))
    x, y = jax.random.normal(jax.random.key(1), (2, 50, 6))
    apart = jnp.abs(network.apply(parameters, x) - network.apply(parameters, y))[:, 0]
    assert (apart <= jnp.linalg.norm(x - y, axis=1) * (1 + 1e-6)).all()
    scaled = jax.tree.map(lambda leaf: 3.0 * leaf, parameters)  # biases are zero
    np.testing.assert_allclose(network.apply(scaled, x), network.apply(parameters, x), rtol=1e-9)


def test_a_layer_of_zeros_stays_zero():
    network = SpectralNorm(MLP(3, 1, (4,)))
    parameters = jax.tree.map(jnp.zeros_like, network.init(jax.random.key(0)))
    values, gradients = jax.value_and_grad(lambda p: network.apply(p, jnp.ones((2, 3))).sum())(parameters)
    assert values == 0
    assert all(jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(gradients))


def test_iterations_are_checked():
    with pytest.raises(ValueError, match="iterations: got 0, expected a whole number from 1 to 1000"):
        SpectralNorm(MLP(3, 1), 0)
