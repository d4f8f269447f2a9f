import jax
import jax.numpy as jnp
import numpy as np

from saddlery.networks import LSTMGenerator


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_images_are_the_rows_of_an_lstm_in_numpy(float64):
    network = LSTMGenerator(3, 5, 2, 4)
    parameters = jax.tree.map(
        lambda leaf: leaf + 0.1 * jax.random.normal(jax.random.key(leaf.size), leaf.shape),
        network.init(jax.random.key(0)),
    )
    z = np.asarray(jax.random.normal(jax.random.key(1), (6, 3)))
    images = network.apply(parameters, jnp.asarray(z))
    assert images.shape == (6, 5, 5, 2)
    entry, recurrent, row = (parameters[name] for name in ("input", "recurrent", "row"))
    h = c = np.zeros((6, 4))
    for i in range(5):
        gates = z @ entry["weight"] + entry["bias"] + h @ recurrent
        c = sigmoid(gates[:, 4:8]) * c + sigmoid(gates[:, :4]) * np.tanh(gates[:, 8:12])
        h = sigmoid(gates[:, 12:]) * np.tanh(c)
        written = np.tanh(h @ row["weight"] + row["bias"]).reshape(6, 5, 2)  # a row: its places, then channels
        np.testing.assert_allclose(images[:, i], written, atol=1e-12)


def test_gates_of_forgetting_start_open():
    bias = LSTMGenerator(3, 5, 1, 4).init(jax.random.key(0))["input"]["bias"]
    np.testing.assert_array_equal(bias, [0] * 4 + [1] * 4 + [0] * 8)
