"""Forks of a watched training."""

import numpy as np
import pytest
import torch
from tests.torch.right import RIGHT

import saddlery.torch as st
from saddlery.torch.watching.comparison import UNCHANGED


def bits(given):
    """Everything that a loop holds, in bits."""
    found = []
    for optimiser in (given.generator, given.discriminator):
        for group in optimiser.param_groups:
            found += [group["lr"], *(each.detach().clone() for each in group["params"])]
        for of in optimiser.state.values():
            found += [each.clone() if isinstance(each, torch.Tensor) else each for each in of.values()]
    return [*found, torch.get_rng_state()]


def same(one, other):
    return len(one) == len(other) and all(
        torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b for a, b in zip(one, other, strict=True)
    )


@pytest.fixture
def given():
    found = RIGHT["dcgan"]()
    for _ in range(3):
        found.step(found.batch)
    return found


def test_all_is_put_back_bit_for_bit(given):
    watch = st.watch(given.generator, given.discriminator)
    before = bits(given)
    change = {"slower": lambda: given.discriminator.param_groups[0].update(lr=1e-6)}
    found = watch.compare(change, given.step, [given.batch], steps=6, repeats=2)
    assert same(before, bits(given))
    assert watch.step == 0
    assert found.values["discriminator_step"]["slower"].mean() < found.values["discriminator_step"][UNCHANGED].mean()
    watch.close()


def test_no_change_makes_no_difference(given):
    watch = st.watch(given.generator, given.discriminator)
    found = watch.compare({"nothing": lambda: None}, given.step, [given.batch] * 2, steps=5, repeats=3)
    for measure in found.values:
        gain = found.gain(measure, "nothing")
        assert not np.isfinite(gain.middle) or gain.middle == 0
    watch.close()


def test_repeats_differ_and_forks_of_one_see_the_same(given):
    drawn = []
    watch = st.watch(given.generator, given.discriminator)

    def step(batch):
        drawn.append(float(torch.rand(1)))
        given.step(batch)

    watch.compare({"nothing": lambda: None}, step, [given.batch], steps=2, repeats=2)
    first, second = drawn[:4], drawn[4:]
    assert first[:2] == first[2:]
    assert second[:2] == second[2:]
    assert first[:2] != second[:2]
    watch.close()


def test_a_loader_gives_every_fork_the_same_batches(given):
    seen = []
    loader = torch.utils.data.DataLoader(torch.arange(6), batch_size=2, shuffle=True)
    watch = st.watch(given.generator, given.discriminator)

    def step(batch):
        seen.append(batch.tolist())
        given.step(given.batch)

    watch.compare({"nothing": lambda: None}, step, loader, steps=4, repeats=1)
    assert seen[:4] == seen[4:]
    watch.close()


def test_what_else_a_step_changes_is_put_back_where_it_is_named(given):
    schedule = torch.optim.lr_scheduler.ExponentialLR(given.generator, 0.5)
    watch = st.watch(given.generator, given.discriminator)

    def step(batch):
        given.step(batch)
        schedule.step()

    before = schedule.state_dict()["last_epoch"]
    watch.compare({"nothing": lambda: None}, step, [given.batch], steps=2, repeats=1, also=[schedule])
    assert schedule.state_dict()["last_epoch"] == before
    watch.close()


def test_a_step_that_fails_leaves_all_as_it_was(given):
    watch = st.watch(given.generator, given.discriminator)
    before = bits(given)

    def step(batch):
        given.step(batch)
        raise RuntimeError("out of memory")

    with pytest.raises(RuntimeError, match="out of memory"):
        watch.compare({"nothing": lambda: None}, step, [given.batch], steps=2, repeats=1)
    assert same(before, bits(given))
    watch.close()


def test_no_batches_are_an_error(given):
    watch = st.watch(given.generator, given.discriminator)
    with pytest.raises(ValueError, match="batches: got none"):
        watch.compare({"nothing": lambda: None}, given.step, [], steps=2, repeats=1)
    watch.close()
