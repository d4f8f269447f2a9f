import jax
import numpy as np
from jax.flatten_util import ravel_pytree

import saddlery as sd
from saddlery.dynamics import jacobian
from saddlery.dynamics.jacobian import consensus
from saddlery.dynamics.jacobian import differences as field_differences
from saddlery.rules import Consensus

KEY = jax.random.key(3)


def differences(function, z, step=1e-6):
    """The Jacobian of a function of a flat vector by central finite differences, a column each."""
    return np.stack([(function(z + h) - function(z - h)) / (2 * step) for h in step * np.eye(len(z))], axis=1)


def test_the_matrix_is_that_of_finite_differences_a_row_for_every_parameter(gan_position):
    _, unravel = ravel_pytree(gan_position.players)
    field = jax.jit(lambda z: -ravel_pytree(sd.gradients(gan_position.game, unravel(z), gan_position.batch))[0])
    J = jacobian(sd.fixed(gan_position.game, gan_position.batch), gan_position.players, key=KEY)
    expected = differences(lambda z: np.asarray(field(z)), gan_position.z)
    np.testing.assert_allclose(J.matrix(), expected, rtol=0, atol=1e-8)
    assert J.matrix().shape == (30, 30)
    assert (np.abs(expected).max(1) > 1e-6).all()  # so no row of it may be missing


def test_differences_of_the_field_are_products_with_the_jacobian_where_it_is_smooth(position):
    game, u = sd.fixed(position.game, position.batch), np.random.default_rng(0).standard_normal(len(position.z))
    found = field_differences(game, position.players, u, 1e-5, key=KEY, batches=2)
    np.testing.assert_allclose(found, -position.H @ u, atol=1e-7)


def test_the_consensus_field_on_a_gan_is_that_of_finite_differences(gan_position, direct):
    rule, (_, unravel) = Consensus(3.0), ravel_pytree(gan_position.players)
    J = jacobian(sd.fixed(gan_position.game, gan_position.batch), gan_position.players, key=KEY, rule=rule)
    field = lambda z: -direct(rule, gan_position._replace(players=unravel(z)))  # noqa: E731
    for u in np.random.default_rng(0).normal(size=(2, J.size)):
        expected = (field(gan_position.z + 1e-5 * u) - field(gan_position.z - 1e-5 * u)) / 2e-5
        np.testing.assert_allclose(J.product(u), expected, rtol=0, atol=1e-6)


def test_the_consensus_matrix_by_products(known):
    game, players, _ = known
    J = jacobian(game, players, key=KEY)
    both, u = consensus(J, 0.3), np.random.default_rng(0).normal(size=J.size)
    matrix = J.matrix() - 0.3 * J.matrix().T @ J.matrix()
    np.testing.assert_allclose(both.product(u), matrix @ u, atol=1e-9)
    np.testing.assert_allclose(both.transposed(u), matrix.T @ u, atol=1e-9)
    np.testing.assert_allclose(both.matrix(), matrix, atol=1e-10)
