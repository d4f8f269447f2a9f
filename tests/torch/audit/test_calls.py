"""Calls of the discriminator are recorded and changed, and no hook stays."""

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from saddlery.torch.audit.calls import Calls, derivatives, flagged, upstream
from saddlery.torch.state import State


@pytest.fixture
def networks():
    torch.manual_seed(0)
    G, D = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    return G, D, nn.ModuleDict({"G": G, "D": D})


def calls_of(networks, **changes):
    G, D, _ = networks
    of_g, of_d = ({id(each) for each in module.parameters()} for module in (G, D))
    return Calls(State(), of_g, of_d, **changes)


def test_the_outermost_module_of_the_discriminator_alone_is_recorded(networks):
    _, D, both = networks

    class Game(nn.Module):
        def __init__(self):
            super().__init__()
            self.both = both

        def forward(self, z, *, real):
            return self.both["D"](self.both["G"](z)), self.both["D"](input=real)

    game, z, real = Game(), torch.ones(4, 2), torch.zeros(3, 2)
    with calls_of(networks) as calls:
        fakes, reals = game(z, real=real)
    assert [each.module for each in calls.calls] == [D, D]
    assert calls.calls[1].inputs[0] is real  # though it was given by name
    assert [each.outputs[0] is given for each, given in zip(calls.calls, (fakes, reals), strict=True)] == [True, True]
    assert [*calls.outermost.values()] == [game]
    assert calls.calls[0].site.file == __file__


def test_layers_are_recorded_where_no_module_of_the_discriminator_calls_them(networks):
    _, D, _ = networks
    with calls_of(networks) as calls:
        D.forward(torch.ones(4, 2))
    assert [each.module for each in calls.calls] == [D[0], D[2]]  # a module without parameters is nobody's


def test_outputs_and_inputs_are_changed(networks):
    _, D, _ = networks
    seen = []

    def put_in(number, given):
        seen.append(number)
        return [torch.zeros_like(each) for each in given]

    with calls_of(networks, put_in=put_in, change=lambda number, found: [each + number for each in found]):
        one, two = D(torch.ones(4, 2)), D(torch.ones(4, 2))
    assert seen == [0, 1]
    assert torch.equal(one, D(torch.zeros(4, 2)))
    assert torch.equal(two, one + 1)


def test_numbers_are_the_same_bit_for_bit_where_nothing_is_changed(networks):
    _, D, _ = networks
    with calls_of(networks):
        found = D(torch.ones(4, 2))
    assert torch.equal(found, D(torch.ones(4, 2)))


def test_other_tensors_and_containers_are_as_they_were(networks):
    class Several(nn.Sequential):
        def forward(self, x):
            return {"scores": super().forward(x), "places": torch.arange(2), "nothing": None, "name": "a"}

    D = Several(*networks[1])
    with calls_of((networks[0], D, None)) as calls:
        found = D(torch.ones(4, 2))
    assert {name: type(each) for name, each in found.items()} == {
        "scores": torch.Tensor, "places": torch.Tensor, "nothing": type(None), "name": str
    }  # fmt: skip
    assert len(calls.calls[0].outputs) == 2


def test_calls_within_transformed_functions_are_not_recorded(networks):
    _, D, _ = networks
    with calls_of(networks) as calls:
        torch.func.vmap(torch.func.grad(lambda x: D(x[None]).sum()))(torch.ones(4, 2))
        D(torch.ones(4, 2))
    assert len(calls.calls) == 1


def test_calls_of_a_backward_pass_that_computes_again_are_not_recorded(networks):
    _, D, _ = networks
    with calls_of(networks) as calls:
        checkpoint(D, torch.ones(4, 2), use_reentrant=False).sum().backward()
    assert len(calls.calls) == 1
    assert D[0].weight.grad is not None


@pytest.mark.parametrize("fails", [False, True])
def test_no_hook_stays(networks, fails):
    class Failing(nn.Sequential):
        def forward(self, x):
            return super().forward(x) + torch.ones(3, 5, 7) if fails else super().forward(x)

    D = Failing(*networks[1])
    with calls_of((networks[0], D, None)) as calls:
        if fails:
            with pytest.raises(RuntimeError, match="size of tensor"):
                D(torch.ones(4, 2))
        else:
            D(torch.ones(4, 2))
    assert len(calls.calls) == (0 if fails else 1)
    assert not calls._stack
    assert not nn.modules.module._has_any_global_hook()


def test_which_modules_were_in_training_mode_is_known(networks):
    G, D, _ = networks
    D.eval()
    with calls_of(networks) as calls:
        D(G(torch.ones(4, 2)))
    assert calls.trained == {id(G)}


def test_upstream_is_what_something_was_made_of():
    x = torch.ones(2, requires_grad=True)
    y, other = x * 2, x * 3
    assert upstream((y + 1).exp(), [y, other]) == [True, False]
    assert upstream(y, [y]) == [False]


def test_derivatives_are_none_of_what_has_no_graph():
    x, y = torch.ones(2, requires_grad=True), torch.ones(2)
    assert derivatives((x * y).sum(), [x, y])[1] is None
    assert derivatives((x * y).sum(), [x, y])[0].tolist() == [1, 1]
    assert derivatives(y.sum(), [x]) == [None]


def test_frozen_parameters_count_as_trainable_for_a_while():
    weight = nn.Parameter(torch.ones(1))
    loss = weight.square().sum()
    weight.requires_grad_(False)
    with flagged([weight]):
        assert derivatives(loss, [weight])[0] == 2
    assert not weight.requires_grad
