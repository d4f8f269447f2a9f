"""The two players of a loop by their optimisers."""

import pytest
import torch

from saddlery.torch.players import players


class Wrapper:
    """Stands for what Lightning or Accelerate puts around an optimiser."""

    def __init__(self, optimizer):
        self.optimizer = optimizer


@pytest.fixture
def weights():
    return [torch.nn.Parameter(torch.ones(i + 1)) for i in range(4)]


@pytest.fixture
def other():
    return torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], 0.1)


def test_a_player_has_the_parameters_of_all_groups_and_optimisers_each_once(weights, other):
    a, b, c, d = weights
    groups = torch.optim.Adam([{"params": [a]}, {"params": [b, c], "lr": 1.0}])
    both = torch.optim.SGD([c, d], 0.1)
    player = players([groups, both], other)[0]
    assert player.optimisers == (groups, both)
    assert [id(each) for each in player.parameters] == [id(each) for each in weights]


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_what_wraps_an_optimiser_is_taken_off(weights, other, depth):
    optimiser = wrapped = torch.optim.SGD(weights, 0.1)
    for _ in range(depth):
        wrapped = Wrapper(wrapped)
    found = players(wrapped, (Wrapper(each) for each in [other]))
    assert [each.optimisers for each in found] == [(optimiser,), (other,)]


def test_an_optimiser_that_wraps_another_is_taken_off(weights, other):
    inner = torch.optim.SGD(weights, 0.1)
    outer = torch.optim.Adam(weights)
    outer.optimizer = inner
    assert players(outer, other)[0].optimisers == (inner,)


def test_one_that_wraps_itself_is_no_endless_loop(other):
    wrapper = Wrapper(None)
    wrapper.optimizer = wrapper
    with pytest.raises(TypeError, match=r"generator: got .*Wrapper.*expected a torch\.optim\.Optimizer"):
        players(wrapper, other)


@pytest.mark.parametrize("given", [None, 1, "adam", {"lr": 0.1}, [torch.nn.Parameter(torch.ones(1))]])
def test_what_is_no_optimiser_is_refused_by_name(given, other):
    with pytest.raises(TypeError, match=r"^discriminator: got .*, expected a torch\.optim\.Optimizer or several$"):
        players(other, given)


def test_a_module_is_refused_with_a_hint(other):
    with pytest.raises(TypeError, match="not the module"):
        players(torch.nn.Linear(1, 1), other)


def test_no_optimiser_is_refused(other):
    with pytest.raises(ValueError, match="generator: got no optimiser"):
        players([], other)


@pytest.mark.parametrize("wrap", [lambda given: given, Wrapper])
def test_one_optimiser_for_both_is_refused(other, wrap):
    with pytest.raises(ValueError, match="got the generator's optimiser"):
        players(other, [wrap(other)])
