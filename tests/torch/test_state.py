"""The state of a loop is put back bit for bit."""

import random
from collections import OrderedDict, defaultdict, deque

import numpy as np
import pytest
import torch
from tests.torch.snapshot import bits, of_module, of_optimiser, of_parameter
from torch import nn

from saddlery.torch import state as module_of_state
from saddlery.torch.state import State


@pytest.fixture
def parameter():
    return nn.Parameter(torch.tensor([1.0, -0.0, float("nan")]))


def zeroed(parameter):
    parameter.data.zero_()


def replaced(parameter):
    parameter.data = torch.zeros(7, dtype=torch.float64)


def frozen(parameter):
    parameter.requires_grad_(False)


def without_gradient(parameter):
    parameter.grad = None


def of_other_gradient(parameter):
    parameter.grad = torch.ones_like(parameter)


def of_gradient_in_place(parameter):
    parameter.grad.mul_(0.0)


CHANGES = [zeroed, replaced, frozen, without_gradient, of_other_gradient, of_gradient_in_place]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_parameter_is_what_it_was(parameter, change):
    parameter.grad = torch.tensor([-0.0, float("nan"), 3.0])
    before, state = of_parameter(parameter), State([parameter])
    change(parameter)
    assert of_parameter(parameter) != before
    state.restore()
    assert of_parameter(parameter) == before


def test_a_gradient_that_was_none_is_none(parameter):
    state = State([parameter])
    parameter.grad = torch.ones(3)
    state.restore()
    assert parameter.grad is None


def test_a_sparse_gradient_is_what_it_was():
    table = nn.Embedding(4, 2, sparse=True)
    table(torch.tensor([1, 2])).sum().backward()
    grad, state = table.weight.grad, State(table.parameters())
    table(torch.tensor([3])).sum().backward()
    state.restore()
    assert table.weight.grad is grad
    assert grad.to_dense().sum(1).tolist() == [0, 2, 2, 0]


def test_gradients_are_let_alone_where_they_are_not_kept(parameter):
    state = State([parameter], gradients=False)
    parameter.grad = torch.ones(3)
    state.restore()
    assert parameter.grad.tolist() == [1, 1, 1]


def test_a_graph_from_before_still_differentiates(parameter):
    state, square = State([parameter]), parameter.square().sum()
    parameter.data.add_(1)
    state.restore()
    assert bits(torch.autograd.grad(square, parameter)[0]) == bits(2 * parameter)


class Stateful(nn.Module):
    """A module with state of all kinds."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(2))
        self.register_buffer("nothing", None)
        self.counter, self._hidden, self.rate, self.name = 0, 1, 0.5, "a"
        self.values, self.last, self.seen = [1, [2]], deque([1, 2], maxlen=2), {3}
        self.named, self.counted = OrderedDict(a=torch.ones(2)), defaultdict(int, b=1)
        self.array, self.tensor, self.pair = np.ones(2), torch.ones(2), (torch.ones(1), 2)
        self.inner = nn.Linear(1, 1)


def test_a_module_is_what_it_was():
    module = Stateful()
    held, state = dict(vars(module)), State()
    before = {name: repr(each) for name, each in held.items()}
    state.add_module(module)
    module.mean += 1
    module.nothing = torch.ones(1)
    module.register_buffer("other", torch.ones(1))
    module.counter, module._hidden, module.rate, module.name = 5, 6, 7.0, None
    module.values.append(3)
    module.values[1].append(4)
    module.last.append(9)
    module.seen.add(9)
    module.named["a"] += 1
    module.named["c"] = 1
    module.counted["b"] += 1
    module.array += 1
    module.tensor += 1
    module.pair[0].add_(1)
    module.added = nn.Linear(1, 1)
    module.new, module.values = 1, []
    del module.rate
    module.eval()
    state.restore()
    assert {name: repr(each) for name, each in vars(module).items()} == before
    assert all(vars(module)[name] is each for name, each in held.items())
    assert module.last.maxlen == 2


def test_a_buffer_is_the_same_tensor_again_where_another_took_its_place():
    module, state = nn.BatchNorm1d(2), State()
    mean = module.running_mean
    state.add_module(module)
    module.running_mean = torch.ones(2)
    mean += 1
    state.restore()
    assert module.running_mean is mean
    assert mean.tolist() == [0, 0]


@pytest.mark.parametrize("norm", [nn.utils.spectral_norm, nn.utils.parametrizations.spectral_norm])
def test_both_spectral_norms_are_what_they_were(norm):
    module, state = norm(nn.Linear(8, 9)), State()
    module(torch.ones(1, 8))
    for each in module.modules():
        state.add_module(each)
    before = [of_module(each) for each in module.modules()]
    module(torch.ones(1, 8))
    assert [of_module(each) for each in module.modules()] != before
    state.restore()
    assert [of_module(each) for each in module.modules()] == before


def test_what_refers_to_itself_and_what_is_long_is_no_trouble():
    module, state = nn.Module(), State()
    module.values = [1]
    module.values.append(module.values)
    module.long = list(range(10_000))
    state.add_module(module)
    module.values.append(2)
    module.long[3] = None
    state.restore()
    assert len(module.values) == 2
    assert module.long == list(range(10_000))


def test_no_large_array_of_an_object_is_copied(monkeypatch):
    class Held:
        pass

    monkeypatch.setattr(module_of_state, "ROOM", 100)
    held, state = Held(), State()
    held.small, held.large = torch.zeros(5), torch.zeros(50)
    small = held.small
    state.add_attributes(held)
    held.small += 1
    held.large += 1
    held.small = None
    state.restore()
    assert held.small is small
    assert (small.sum(), held.large.sum()) == (0, 50)


def of_global_generators():
    return torch.rand(1).item(), np.random.rand(), random.random()


def test_random_numbers_come_again():
    given = torch.Generator().manual_seed(1), np.random.default_rng(2), random.Random(3), np.random.RandomState(4)
    state = State()
    for each in given:
        state.add_generator(each)

    def draw():
        of_torch, of_numpy, of_python, older = given
        mine = torch.rand(1, generator=of_torch).item(), of_numpy.random(), of_python.random(), older.rand()
        return of_global_generators() + mine

    before = draw()
    assert draw() != before
    state.restore()
    assert draw() == before


@pytest.mark.parametrize(
    "make",
    [
        torch.optim.Adam,
        lambda of: torch.optim.SGD(of, 0.1, momentum=0.9),
        lambda of: torch.optim.LBFGS(of, max_iter=3),
        lambda of: torch.optim.Adam(of, lr=torch.tensor(0.1)),
    ],
)
@pytest.mark.parametrize("steps", [0, 2])
def test_an_optimiser_is_what_it_was(make, steps):
    weights = [nn.Parameter(torch.ones(3)), nn.Parameter(torch.ones(2))]
    optimiser = make(weights)

    def step():
        def closure():
            optimiser.zero_grad()
            loss = sum(each.pow(4).sum() for each in weights)
            loss.backward()
            return loss

        optimiser.step(closure)

    for _ in range(steps):
        step()
    before, rate = of_optimiser(optimiser), optimiser.param_groups[0]["lr"]
    state = State(weights, [optimiser])
    step()
    optimiser.param_groups[0]["lr"] *= 2
    optimiser.param_groups[0]["new"] = 1
    assert of_optimiser(optimiser) != before
    state.restore()
    assert of_optimiser(optimiser) == before
    assert optimiser.param_groups[0]["lr"] is rate


def test_the_first_state_is_the_one_that_is_kept(parameter):
    state = State([parameter])
    parameter.data.zero_()
    state.add_parameter(parameter)
    state.restore()
    assert parameter[0] == 1
