"""What the longer checks share."""

import pytest

from checks.shared import assert_same, engine, forget, interruptible, real, saddlery, without_optimisations  # noqa: F401

UNOPTIMISED = (
    "test_axes", "test_extension", "test_local", "test_optimised", "test_pictures", "test_plugins", "test_results",
    "test_resumed", "test_sample", "test_trained",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def optimisations(request):
    """Programs are compiled without optimisations where checks compile much and compute little."""
    without_optimisations(request.path.stem in UNOPTIMISED)


@pytest.fixture(autouse=True)
def forgetful():
    """Compiled programs are dropped before they are too many for one process: a single check may make thousands."""
    yield
    forget()
