"""Norms at every step, by hooks of optimisers."""

import numpy as np
import pytest
import torch

from saddlery.torch.players import players
from saddlery.torch.watching.norms import Norms


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(3, 5), torch.nn.Tanh(), torch.nn.Linear(5, 1))


def watched(optimisers, other=None):
    other = other or torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    player = players(optimisers, other)[0]
    counted = []
    return Norms(player, stepped=lambda: counted.append(1)), counted


def stepped(net, optimiser, x, norms_of):
    """A step by hand, and the norms of its gradient and of its update by block."""
    optimiser.zero_grad()
    net(x).square().mean().backward()
    before = [each.detach().clone() for each in net.parameters()]
    gradients = [each.grad.clone() for each in net.parameters()]
    optimiser.step()
    for parts in ([0, 1], [2, 3]):
        for of in (gradients, [a - b for a, b in zip(net.parameters(), before, strict=True)]):
            norms_of.append(float(torch.cat([of[i].detach().ravel() for i in parts]).norm()))


@pytest.mark.parametrize("make", [
    lambda p: torch.optim.SGD(p, 0.1), lambda p: torch.optim.Adam(p, 1e-2),
    lambda p: torch.optim.AdamW(p, 1e-2, weight_decay=0.1, foreach=True),
    lambda p: torch.optim.RMSprop(p, 1e-2), lambda p: torch.optim.Adam(p, 1e-2, fused=True),
])  # fmt: skip
def test_norms_of_every_step_are_those_by_hand(make):
    net = network()
    optimiser = make(net.parameters())
    norms, counted = watched(optimiser)
    expected = []
    for _ in range(4):
        stepped(net, optimiser, torch.randn(8, 3), expected)
    found = norms.window()
    expected = np.array(expected).reshape(4, 2, 2)  # step, block, gradient or update
    np.testing.assert_allclose(found.gradient, expected[:, :, 0], rtol=1e-5)
    np.testing.assert_allclose(found.update, expected[:, :, 1], rtol=1e-4)
    assert len(counted) == norms.steps == 4
    assert not len(norms.window().gradient)


def test_a_gradient_that_a_closure_takes_within_the_step_is_seen():
    net = network()
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    norms, _ = watched(optimiser)
    x = torch.randn(8, 3)

    def closure():
        optimiser.zero_grad()
        loss = net(x).square().mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    gradient = torch.cat([each.grad.ravel() for each in net.parameters()]).norm()
    assert norms.window().last[0] == pytest.approx(float(gradient), rel=1e-5)


class Spending(torch.optim.SGD):
    """One that leaves no gradient behind; PyTorch calls the hooks of its step and of its base's."""

    def step(self, closure=None):
        super().step(closure)
        self.zero_grad(set_to_none=False)


def test_a_gradient_is_the_one_that_the_optimiser_was_given():
    net = network()
    torch.optim.SGD(net.parameters(), 0.1)  # whose class has hooks from then on
    optimiser = Spending(net.parameters(), 0.1)
    norms, counted = watched(optimiser)
    for _ in range(2):
        net(torch.randn(8, 3)).square().mean().backward()
        optimiser.step()
    assert len(counted) == len(norms.window().gradient) == 2
    net(torch.randn(8, 3)).square().mean().backward()
    gradient = float(torch.cat([each.grad.ravel() for each in net.parameters()]).norm())
    optimiser.step()
    assert norms.window().last == pytest.approx((gradient, 0.1 * gradient), rel=1e-4)


def test_several_optimisers_and_groups_are_one_player():
    net = network()
    first = torch.optim.SGD([{"params": net[0].weight, "lr": 0.1}, {"params": net[0].bias, "lr": 0.2}])
    second = torch.optim.Adam(net[2].parameters())
    norms, counted = watched([first, second])
    for _ in range(2):
        net(torch.randn(8, 3)).square().mean().backward()
        first.step()
        second.step()
    assert len(counted) == 2  # of the first one
    assert norms.window().gradient.shape == (4, 2)


def test_parameters_that_are_put_elsewhere_are_begun_anew():
    net = network()
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    norms, _ = watched(optimiser)
    for dtype in (torch.float32, torch.float64):
        net.to(dtype)
        optimiser.zero_grad()
        net(torch.randn(8, 3, dtype=dtype)).square().mean().backward()
        optimiser.step()
    update = norms.window().update
    assert np.isfinite(update).all()
    assert (update > 0).all()


def test_nothing_is_left_when_it_is_closed():
    net = network()
    optimiser = torch.optim.SGD(net.parameters(), 0.1)
    norms, _ = watched(optimiser)
    assert optimiser._optimizer_step_pre_hooks
    norms.close()
    assert not optimiser._optimizer_step_pre_hooks
    assert not optimiser._optimizer_step_post_hooks


def test_sparse_gradients_and_parameters_without_one_are_seen():
    embedding, unused = torch.nn.Embedding(10, 3, sparse=True), torch.nn.Parameter(torch.ones(2))
    optimiser = torch.optim.SGD([*embedding.parameters(), unused], 0.1)
    norms, _ = watched(optimiser)
    embedding(torch.tensor([1, 1, 2])).sum().backward()
    optimiser.step()
    gradient, update = norms.window().last
    assert gradient == pytest.approx((3 * 4 + 3 * 1) ** 0.5)
    assert update == pytest.approx(0.1 * gradient, rel=1e-5)
