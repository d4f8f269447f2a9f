"""Each evaluation of losses starts from the same state."""

import re

import pytest
import torch
from tests.torch.right import RIGHT
from torch import nn

from saddlery.torch.audit.evaluation import Evaluations
from saddlery.torch.players import players


@pytest.fixture
def loop():
    return RIGHT["dcgan"]()


def evaluations(loop, losses=None, batch=None):
    two = players(loop.generator, loop.discriminator)
    return Evaluations(losses or loop.losses, loop.batch if batch is None else batch, two)


def test_evaluations_are_alike_though_each_changes_the_state(loop):
    evaluate = evaluations(loop)
    first = evaluate().values
    assert evaluate.again(loop.batch).values != first  # of other random numbers
    assert evaluate().values == first
    assert evaluate.count == 3


def test_the_batch_is_let_alone(loop):
    def losses(batch):
        batch["image"].requires_grad_().data.add_(1)
        batch["rest"][0] = None
        return loop.losses(batch["image"])

    image = loop.batch.clone()
    batch = {"image": loop.batch, "rest": [1], "names": ["a"]}
    evaluate = evaluations(loop, losses, batch)
    assert evaluate().values == evaluate().values
    assert torch.equal(loop.batch, image)
    assert not loop.batch.requires_grad
    assert batch["rest"] == [1]


def test_players_in_each_others_place_share_the_state(loop):
    evaluate = evaluations(loop)
    other = evaluate.swapped()
    assert [each.name for each in other.players] == ["discriminator", "generator"]
    assert (other.generator, other.discriminator) == (evaluate.discriminator, evaluate.generator)
    assert other.state is evaluate.state
    modules = [{id(call.module) for call in each().calls} for each in (evaluate, other)]
    assert all(modules)
    assert not modules[0] & modules[1]


REFUSED = {
    "a number": (lambda g, d: (1.0, d), "the generator's loss is 1.0, expected a tensor with its graph, no number"),
    "the other": (lambda g, d: (g, float(d.detach())), "the discriminator's loss is"),
    "three": (lambda g, d: (g, d, d), "expected (generator_loss, discriminator_loss)"),
    "one": (lambda g, d: g, "expected (generator_loss, discriminator_loss)"),
    "none": (lambda g, d: None, "it returned None"),
    "a dictionary": (lambda g, d: {"g": g, "d": d}, "expected (generator_loss, discriminator_loss)"),
    "several": (lambda g, d: (g, torch.stack([d, d])), "the discriminator's loss has shape (2,), expected one number"),
}


@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_losses_of_another_kind_are_refused_in_words(loop, change, said):
    with pytest.raises((TypeError, ValueError), match="^losses: .*" + re.escape(said)):
        evaluations(loop, lambda batch: change(*loop.losses(batch)))()


def test_a_loss_in_an_array_of_one_number_is_one(loop):
    evaluate = evaluations(loop, lambda batch: [each.reshape(1, 1) for each in loop.losses(batch)])
    shaped = evaluate()
    evaluate.state.restore()
    assert [each.shape for each in shaped.losses] == [(), ()]
    assert shaped.values == evaluations(loop)().values


def test_what_is_compiled_runs_as_it_is_written(loop):
    def backend(*_):
        raise AssertionError("it is compiled")

    evaluate = evaluations(loop, torch.compile(loop.losses, backend=backend))
    found = evaluate()
    evaluate.state.restore()
    assert found.calls
    assert found.values == evaluations(loop)().values


def test_modes_are_those_before_the_losses_change_them():
    D = nn.Sequential(nn.Linear(2, 1), nn.Dropout())
    weight = nn.Parameter(torch.ones(2))

    def losses(batch):
        D.eval()
        return D(batch * weight).mean(), D(batch).mean()

    two = players(torch.optim.SGD([weight], 0.1), torch.optim.SGD(D.parameters(), 0.1))
    evaluate = Evaluations(losses, torch.ones(3, 2), two)
    evaluate()
    assert not D.training
    evaluate.state.restore()
    assert D.training
    assert D[1].training
