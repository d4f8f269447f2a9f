"""Products by double backward: those of the Jacobian where nothing is cut, and refused where something is."""

import pytest
import torch
from tests.torch.test_field import loop, quadratic, two

import saddlery.torch as st
from saddlery.torch.doubled import Doubled
from saddlery.torch.field import Field, norm


@pytest.mark.parametrize("seed", range(3))
def test_products_are_those_of_the_jacobian(seed):
    g, d, losses, jacobian = quadratic(seed, dtype=torch.float64)
    way = [torch.randn(3, dtype=torch.float64), torch.randn(4, dtype=torch.float64)]
    with Doubled(two(g, d), losses, None) as field:
        field.verify()
        for _ in range(2):  # the graph is kept, and parameters that a difference moved are put back
            found = torch.cat(field.product(way))
            torch.testing.assert_close(found, jacobian @ torch.cat(way), rtol=1e-10, atol=1e-10)
            field.difference(way)


def test_of_networks_they_agree_with_differences_where_nothing_is_detached():
    G, D, losses, real = loop()
    pair = two([*G.parameters()], [*D.parameters()])
    whole = lambda batch: losses(batch, lambda samples: samples)  # noqa: E731
    with Doubled(pair, whole, real) as field:
        field.verify()
        v = field.value()
        doubled = field.product(v)
    with Field(pair, whole, real) as field:
        field.calibrate(v)
        expected = field.product(v)
    assert norm([a - b for a, b in zip(doubled, expected, strict=True)]) < 2e-3 * norm(expected)


def test_it_is_refused_where_samples_are_detached():
    G, D, losses, real = loop()
    with (
        Doubled(two([*G.parameters()], [*D.parameters()]), losses, real) as field,
        pytest.raises(ValueError, match=r"method: by autograd a product .* off that by differences"),
    ):
        field.verify()


def test_it_is_refused_where_attention_has_no_second_derivative():
    g, d = (torch.nn.Parameter(torch.randn(1, 1, 8, 16)) for _ in range(2))
    attention = torch.nn.functional.scaled_dot_product_attention
    losses = lambda _: ((attention(g, g, g) * d).sum(), -(attention(g, g, g) * d).sum())  # noqa: E731
    with (
        Doubled(two(g, d), losses, None) as field,
        pytest.raises(ValueError, match="no second derivative"),
    ):
        field.verify()


def test_a_game_whose_second_derivatives_are_zero_has_products_of_zero():
    g, d = (torch.nn.Parameter(torch.randn(3)) for _ in range(2))
    with Doubled(two(g, d), lambda _: (g.sum(), d.sum()), None) as field:
        field.verify()
        assert norm(field.product([torch.ones(3), torch.ones(3)])) == 0


def test_a_watch_measures_the_same_by_both_and_refuses_what_it_must():
    torch.manual_seed(1)
    G, D, losses, real = loop()
    whole = lambda batch: losses(batch, lambda samples: samples)  # noqa: E731
    with st.watch(*(torch.optim.SGD(each.parameters(), 0.1) for each in (G, D))) as watch:
        before = [each.clone() for each in (*G.parameters(), *D.parameters(), torch.get_rng_state())]
        one = watch.curvature(whole, batch=real, method="autograd")
        other = watch.curvature(whole, batch=real)
        assert one.rotation == pytest.approx(other.rotation, abs=0.01)
        assert one.curvature == pytest.approx(other.curvature, rel=0.02, abs=1e-4)
        after = [*G.parameters(), *D.parameters(), torch.get_rng_state()]
        assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
        with pytest.raises(ValueError, match="off that by differences"):
            watch.curvature(losses, batch=real, method="autograd")
        with pytest.raises(ValueError, match="unknown method 'double'"):
            watch.curvature(losses, batch=real, method="double")
