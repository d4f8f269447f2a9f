"""Fields of losses in PyTorch, and products with their Jacobian by differences."""

import itertools

import pytest
import torch
from tests.torch.right import RIGHT

from saddlery.torch.doubled import Doubled
from saddlery.torch.field import Field, dot, norm
from saddlery.torch.players import players

SMOOTH = torch.nn.Tanh


def quadratic(seed=0, n=3, m=4, dtype=torch.float32):
    """Parameters of two players and their losses, with the Jacobian of the field, whose blocks are drawn."""
    random = torch.Generator().manual_seed(seed)
    drawn = lambda *shape: torch.randn(*shape, generator=random, dtype=dtype)  # noqa: E731
    g, d = torch.nn.Parameter(drawn(n)), torch.nn.Parameter(drawn(m))
    A, B, C, E = drawn(n, n), drawn(m, m), drawn(n, m), drawn(n, m)

    def losses(_):
        return g @ A @ g / 2 + g @ C @ d, d @ B @ d / 2 + g @ E @ d

    jacobian = -torch.cat([torch.cat([(A + A.T) / 2, C], 1), torch.cat([E.T, (B + B.T) / 2], 1)])
    return g, d, losses, jacobian


def two(g, d):
    return players(*(torch.optim.SGD(each if isinstance(each, list) else [each], 0.1) for each in (g, d)))


@pytest.mark.parametrize(("dtype", "error"), [(torch.float64, 1e-8), (torch.float32, 1e-3)])
@pytest.mark.parametrize("seed", range(3))
def test_products_are_those_of_the_jacobian(seed, dtype, error):
    g, d, losses, jacobian = quadratic(seed, dtype=dtype)
    way = [torch.randn(3, dtype=dtype), torch.randn(4, dtype=dtype)]
    with Field(two(g, d), losses, None) as field:
        field.calibrate(way)
        before, value, found = field.evaluations, torch.cat(field.value()), torch.cat(field.product(way))
        assert field.evaluations == before + 3
    torch.testing.assert_close(value, (jacobian @ torch.cat([g, d])).detach(), rtol=error, atol=error)
    torch.testing.assert_close(found, jacobian @ torch.cat(way), rtol=error, atol=error)


def network(*sizes):
    layers = [part for a, b in itertools.pairwise(sizes) for part in (torch.nn.Linear(a, b), SMOOTH())]
    return torch.nn.Sequential(*layers[:-1])


def loop():
    torch.manual_seed(0)
    G, D, real = network(3, 16, 2), network(2, 16, 1), torch.randn(32, 2)
    softplus = torch.nn.functional.softplus

    def losses(real, detach=lambda samples: samples.detach()):
        fake = G(torch.randn(32, 3))
        return softplus(-D(fake)).mean(), softplus(-D(real)).mean() + softplus(D(detach(fake))).mean()

    return G, D, losses, real


def test_detached_samples_lose_a_block_to_double_backward_and_not_to_differences():
    G, D, losses, real = loop()
    two_players = two([*G.parameters()], [*D.parameters()])
    with Field(two_players, losses, real) as field:
        v = field.value()
        field.calibrate(v)
        on_d = field.part(field.product(field.part(v, 0)), 1)
        field.state.restore()
        _, of_d = losses(real, lambda samples: samples)
        first = torch.autograd.grad(of_d, [*D.parameters()], create_graph=True)
        ahead = [torch.ones_like(each, requires_grad=True) for each in first]
        back = torch.autograd.grad(first, [*G.parameters()], ahead, create_graph=True)
        exact = torch.autograd.grad(back, ahead, field.part(v, 0)[: len(back)])
        field.state.restore()
        _, cut = losses(real)
        again = torch.autograd.grad(cut, [*D.parameters()], create_graph=True)
        assert all(
            each is None for each in torch.autograd.grad(again, [*G.parameters()], list(again), allow_unused=True)
        )
    exact = [-each for each in exact]
    error = norm([a - b for a, b in zip(exact, on_d[-len(exact) :], strict=True)])
    assert norm(exact) > 1e-3
    assert error < 5e-3 * norm(exact)


@pytest.mark.parametrize("name", ["attention", "hinge_spectral", "hinge_spectral_old", "wgan_penalised", "vqgan"])
def test_everything_is_bit_for_bit_as_before(name):
    given = RIGHT[name]()
    both = players(given.generator, given.discriminator)
    parameters = [each for player in both for each in player.parameters]
    for each in parameters:
        each.grad = torch.randn_like(each)
    held = [(each, each.data_ptr(), each.detach().clone(), each.grad, each.grad.clone()) for each in parameters]
    random = torch.get_rng_state()
    with Field(both, given.losses, given.batch) as field:
        v = field.value()
        again = field.value()
        assert all(torch.equal(a, b) for a, b in zip(v, again, strict=True))
        field.calibrate(v)
    for each, place, numbers, grad, gradient in held:
        assert each.data_ptr() == place
        assert torch.equal(each, numbers)
        assert each.grad is grad
        assert torch.equal(grad, gradient)
    assert torch.equal(torch.get_rng_state(), random)


def test_a_step_without_effect_is_not_chosen():
    G, D, _, real = loop()
    for each in (G, D):
        each.to(torch.bfloat16)
    with Field(two([*G.parameters()], [*D.parameters()]), lambda x: losses_of(G, D, x), real.bfloat16()) as field:
        error = field.calibrate(field.value())
        assert field.step > 2.0**-16  # by which no number in bfloat16 changes
    assert error > 1e-3


def losses_of(G, D, real):
    softplus = torch.nn.functional.softplus
    fake = G(torch.randn(32, 3, dtype=torch.bfloat16))
    return softplus(-D(fake)).mean(), softplus(-D(real)).mean() + softplus(D(fake.detach())).mean()


def test_inner_products_are_summed_in_double_precision():
    one = [torch.full((10**6,), 1e-4), torch.tensor([1e3])]
    assert dot(one, one) == pytest.approx(1e6 + 1e-2, rel=1e-9)


def test_differences_see_the_jumps_of_relu_and_double_backward_does_not():
    data = torch.randn(2000, 300, generator=torch.Generator().manual_seed(0))
    g, d = (torch.nn.Parameter(torch.full((300,), 0.3)) for _ in range(2))
    losses = lambda x: (torch.relu(g - x).mean(0).sum(), torch.relu(d - x).mean(0).sum())  # noqa: E731
    way = [torch.ones(300), torch.zeros(300)]
    with Field(two(g, d), losses, data) as field:
        field.calibrate(way)
        found = float(field.product(way)[0].mean())
    density = float(torch.exp(torch.tensor(-(0.3**2) / 2)) / (2 * torch.pi) ** 0.5)  # E[relu(g − x)]″ = p(g)
    assert found == pytest.approx(-density, rel=0.1)
    with Doubled(two(g, d), losses, data) as field:
        assert norm(field.product(way)) == 0
        with pytest.raises(ValueError, match="off that by differences"):
            field.verify()


def test_a_larger_batch_has_less_of_the_noise_of_relu():
    torch.manual_seed(0)
    net = torch.nn.Sequential(torch.nn.Linear(2, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    other = torch.nn.Parameter(torch.ones(1))
    way = [torch.randn_like(each) for each in (*net.parameters(), other)]

    def apart(batch):
        losses = lambda x: (net(x).square().mean() * other.sum(), other.square().sum())  # noqa: E731
        with Field(two([*net.parameters()], [other]), losses, batch, step=2.0**-10) as field:
            one, twice = field.difference(way), field.difference(way, 2.0)
        return norm([a - b for a, b in zip(one, twice, strict=True)]) / norm(one)

    small, large = (sum(apart(torch.randn(size, 2)) for _ in range(20)) for size in (32, 2048))
    assert large < small / 3
