"""Functions of PyTorch are noted, with the line that calls them, and changed."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils import parametrizations

from saddlery.torch.audit.functions import Functions, Treatment, site
from saddlery.torch.state import State


def noted(function, **treatment):
    functions = Functions(State(), Treatment(**treatment))
    with functions:
        return functions, function()


@pytest.fixture
def x():
    return torch.tensor([1.0, 2.0], requires_grad=True)


CUTS = {
    "detach": lambda x: (x * x).detach(),
    "torch.detach": lambda x: torch.detach(x * x),
    "data": lambda x: (x * x).data,
    "no_grad": lambda x: without(x),
    "grad": lambda x: torch.autograd.grad((x * x * x).sum(), x)[0] / 3,
}


def without(x):
    with torch.no_grad():
        return x * x


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_lines_that_cut_the_graph_are_noted_and_can_be_kept_from_it(x, cut):
    functions, found = noted(lambda: cut(x))
    [where] = functions.cuts
    assert (where.file, where.own) == (__file__, True)
    assert not found.requires_grad
    _, found = noted(lambda: cut(x), uncut=[where])
    assert found.requires_grad
    assert torch.autograd.grad(found.sum(), x)[0].tolist() == [2, 4]
    assert torch.is_grad_enabled()


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
def test_what_is_cut_off_is_summed_and_made_larger(x, cut):
    functions, found = noted(lambda: cut(x), summed=True)
    [where] = functions.cuts
    assert [round(each) for each in functions.cuts[where]][-1] in (5, 15)  # of gradients three times as much
    _, larger = noted(lambda: cut(x), scaled=[where])
    assert (larger / found).tolist() == pytest.approx([1.01, 1.01])


def test_each_time_by_another_factor(x):
    def ratio():
        a, b = x.detach(), x.detach()
        return b / a

    functions, _ = noted(ratio)
    assert (noted(ratio, scaled=[*functions.cuts])[1] != 1).all()


def test_what_pytorch_cuts_itself_is_not_noted():
    norm = parametrizations.spectral_norm(nn.Linear(3, 2))
    functions, _ = noted(lambda: norm(torch.ones(1, 3)))
    assert functions.cuts == {}


def test_numbers_that_leave_the_graph_are_noted(x):
    functions, _ = noted(lambda: (x.sum().item(), float(x.detach().sum()), x.detach().numpy(), x.tolist()))
    assert [each.function for each in functions.out] == ["item", "float", "numpy", "tolist"]


def test_cross_entropies_are_noted_with_their_arguments(x):
    label = torch.ones(2)
    functions, _ = noted(
        lambda: (
            F.binary_cross_entropy_with_logits(x, label),
            nn.BCEWithLogitsLoss()(input=x, target=label),
            F.cross_entropy(x[None], torch.tensor([1])),
        )
    )
    assert [(each.logits is x, each.labels is label) for each in functions.entropies] == [(True, True)] * 2
    assert {each.site.file for each in functions.entropies} == {__file__}
    assert len(functions.classes) == 1


def test_gradients_are_noted_as_by_other_tensors(x):
    y = x * 2
    weights = torch.tensor([1.0, 3.0])

    def penalty():
        return torch.autograd.grad(y.square(), x, grad_outputs=weights, create_graph=True)

    functions, found = noted(penalty, also=[y])
    [gradient] = functions.gradients
    assert gradient.outputs[0].tolist() == [4, 16]
    assert gradient.weights[0] is weights
    assert gradient.also[0].tolist() == (2 * y * weights).tolist()
    assert found[0].tolist() == (4 * y * weights).tolist()
    assert functions.cuts == {}


def test_generators_are_kept_before_they_are_used():
    generator, state = torch.Generator().manual_seed(0), State()
    with Functions(state):
        first = torch.randn(2, generator=generator)
    state.restore()
    assert torch.equal(torch.randn(2, generator=generator), first)


def test_no_precision_but_float64_is_taken_where_that_is_asked_for():
    def narrow():
        x = torch.ones(2, dtype=torch.bfloat16)
        return [x, x.float(), x.half(), x.to(torch.float32), x.type(torch.float32), torch.arange(2).float()]

    assert {each.dtype for each in noted(narrow, double=True)[1]} == {torch.float64}
    assert len({each.dtype for each in noted(narrow)[1]}) == 3
    assert noted(lambda: torch.arange(2).to(torch.int32), double=True)[1].dtype == torch.int32


def test_a_line_is_quoted_with_its_file():
    assert str(site()).startswith("test_functions.py:")
    here = site()
    assert str(here).split(": ", 1)[1] == "here = site()"


def test_numbers_of_two_precisions_meet_in_the_wider_one():
    narrow, wide = torch.ones(2), torch.full((2,), 3.0, dtype=torch.float64)
    _, found = noted(lambda: torch.lerp(narrow, wide, 0.5), double=True)
    assert (found.dtype, found.tolist()) == (torch.float64, [2, 2])
    _, found = noted(lambda: F.linear(narrow, weight=wide[None]), double=True)
    assert found.item() == 6
    _, found = noted(lambda: narrow.lerp_(wide, 0.5), double=True)
    assert found is narrow
    assert (narrow.dtype, narrow.tolist()) == (torch.float32, [2, 2])
