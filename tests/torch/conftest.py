"""What tests of PyTorch share."""

import gc

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small arrays are computed faster by one thread than by several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def few_objects():
    """What is there before a test, such as JAX, is not looked through for modules in it."""
    gc.freeze()
    yield
    gc.unfreeze()
