"""Shares of the parts of a loss in its gradient."""

import pytest
import torch

import saddlery.torch as st
from saddlery.errors import InvalidType, InvalidValue
from saddlery.torch.watching.shares import Shares, shares, told


@pytest.fixture
def weight():
    return torch.nn.Parameter(torch.tensor([1.0, 2.0]))


def test_norms_and_weight_are_those_by_hand(weight):
    target = torch.tensor([4.0, -2.0])
    parts = lambda scale: {"near": (weight - target).square().sum(), "adversarial": scale * weight.sum()}  # noqa: E731
    found = shares(parts, 3.0, [weight], [weight])
    gradient = 2 * (weight - target).detach()
    assert found.norms == pytest.approx({"near": float(gradient.norm()), "adversarial": 3 * 2**0.5})
    assert sum(found.shares.values()) == pytest.approx(1)
    assert found.weight("adversarial", "near") == pytest.approx(float(gradient.norm()) / (3 * 2**0.5))
    assert weight.grad is None


def test_swings_are_told():
    looks = {step: Shares({"near": 1.0, "adversarial": each}) for step, each in ((1, 1.0), (2, 3.0))}
    first, second, third = told(looks)
    assert first == "share of near in the generator's gradient: 25.0%, from 25.0% to 50.0% over 2 looks"
    assert second.startswith("share of adversarial in the generator's gradient: 75.0%, from 50.0% to 75.0%")
    assert "adversarial times 0.333 would" in third
    assert "from 0.333 to 1 over" in third


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.9**step for step in range(12)], "near fell from 0.855 to 0.368; 40% of that since step 4:"),
        ([1.0, 0.9, 0.8, 0.7, *([0.1] * 8)], "near fell from 0.85 to 0.1; it has levelled off"),
        ([1.0] * 12, "near did not fall: 1, 1; it has levelled off"),
    ],
)
def test_whether_the_first_part_still_falls_is_told_of_enough_looks(values, expected):
    looks = {step: Shares({"near": 1.0, "far": 1.0}, {"near": each}) for step, each in enumerate(values)}
    assert told(looks)[-1].startswith(expected)
    assert not any("fell" in each or "fall" in each for each in told(dict([*looks.items()][:8])))


def test_what_is_no_parts_is_an_error(weight):
    with pytest.raises(InvalidType, match="parts: it returned"):
        shares(lambda _: weight.sum(), None, [weight], [weight])
    with pytest.raises(InvalidValue, match="parts: got near, expected two"):
        shares(lambda _: {"near": weight.sum()}, None, [weight], [weight])


def test_a_watch_records_them(weight):
    other = torch.nn.Parameter(torch.ones(2))
    opt_g, opt_d = torch.optim.SGD([weight], 0.01), torch.optim.SGD([other], 0.01)
    with st.watch(opt_g, opt_d, every=1) as watch:
        watch.shares(lambda scale: {"a": weight.square().sum(), "b": scale * weight.sum()}, [weight], 2, batch=1.0)
        for _ in range(6):
            for optimiser, of in ((opt_g, weight), (opt_d, other)):
                optimiser.zero_grad()
                of.square().sum().backward()
                optimiser.step()
    assert "share_b" in watch.rows.rows[-1]
    assert any("share of b in the generator's gradient" in each for each in watch.advice)
    assert not watch.failed
