"""Eigenvalues of a watched training, and what they cost."""

import numpy as np
import pytest
import torch
from tests.torch.test_field import quadratic, two

import saddlery.torch as st
from saddlery.torch.watching.spectrum import cost


def test_eigenvalues_are_those_of_the_jacobian(capsys):
    g, d, losses, jacobian = quadratic(0, 10, 10, torch.float64)
    watch = st.watch(torch.optim.SGD([g], 0.1), torch.optim.SGD([d], 0.1))
    found = watch.spectrum(losses, batch=0, k=4)
    watch.close()
    exact = np.linalg.eigvals(jacobian.numpy())
    largest = exact[np.argsort(-abs(exact))][:4]
    np.testing.assert_allclose(np.sort_complex(found), np.sort_complex(largest), rtol=1e-4, atol=1e-4)
    assert "up to 200 products with J" in capsys.readouterr().err


def test_too_few_products_are_an_error():
    g, d, losses, _ = quadratic(0, 30, 30, torch.float64)
    watch = st.watch(torch.optim.SGD([g], 0.1), torch.optim.SGD([d], 0.1))
    with pytest.raises(RuntimeError, match="not found with 5 products"):
        watch.spectrum(losses, batch=0, k=4, products=5)
    watch.close()


def test_its_cost_is_in_seconds_and_bytes():
    for size, memory in ((10, "+0.8 kB"), (10**4, "+0.8 MB"), (10**6, "+80.0 MB")):
        g, d = torch.nn.Parameter(torch.zeros(size)), torch.nn.Parameter(torch.zeros(size))
        assert cost(two(g, d), 0.1) == f"about 1.3 s, {memory}"
