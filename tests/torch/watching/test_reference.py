"""Comparison with a healthy run of one's own."""

import numpy as np
import pytest
from tests.torch.watching.test_watch import small

import saddlery.torch as st
from saddlery.errors import NotFound
from saddlery.torch.watching.reference import Reference


@pytest.fixture
def folder(tmp_path):
    given = small()
    with st.watch(given.generator, given.discriminator, tmp_path / "a", every=5) as watch:
        for i in range(200):
            given.step(None)
            watch.note(generator_loss=np.sin(i))
    return tmp_path / "a"


def compared(folder, loss):
    given = small()
    with st.watch(given.generator, given.discriminator, every=5) as watch:
        watch.reference(folder)
        for i in range(200):
            given.step(None)
            watch.note(generator_loss=loss(i))
    return watch.departures


def test_a_run_like_it_departs_in_nothing(folder):
    assert compared(folder, np.sin) == []


def test_a_signal_that_leaves_its_range_is_told_and_since_when(folder):
    [found] = compared(folder, lambda i: 50.0 if i >= 100 else np.sin(i))
    assert found.signal == "generator_loss"
    assert 100 < found.since <= 125  # the median of five records
    assert "in the reference by then" in str(found)


def test_beyond_the_references_end_nothing_is_compared(folder):
    reference = Reference(folder)
    steps = np.arange(0, 5000, 5)
    assert reference.departures(steps, {"generator_loss": np.full(len(steps), 99.0)}) == []


def test_a_folder_without_records_is_an_error(tmp_path):
    with pytest.raises(NotFound, match="holds no records of a watched training"):
        Reference(tmp_path)
