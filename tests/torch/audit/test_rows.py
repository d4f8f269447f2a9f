"""Which rows of what the discriminator gets are of generated samples, and which tensors are scores."""

import pytest
import torch
from tests.torch.right import NOISE, RIGHT, adam, entropy, generator, images
from torch import nn

from saddlery.torch.audit.evaluation import Evaluations
from saddlery.torch.audit.rows import Roles, _differ, roles, scores_of
from saddlery.torch.players import players

ALL, NONE = [True] * 8, [False] * 8


class Small(nn.Module):
    """A discriminator that takes and returns all kinds of things."""

    def __init__(self):
        super().__init__()
        self.trunk, self.head = nn.Linear(64, 4), nn.Linear(4, 1)

    def forward(self, *given, **named):
        [x] = [each for each in (*given, *named.values()) if each.ndim == 4]
        features = self.trunk(x.flatten(1)).relu()
        return {"score": self.head(features), "features": [features], "places": torch.arange(3)}


def seen(call):
    """The roles of what `call(D, fake, real)` gives a discriminator; the calls, and their scores."""
    torch.manual_seed(0)
    G, D = generator(), Small()
    two = players(adam(G.parameters()), adam(D.parameters()))

    def losses(real):
        found = call(D, G(torch.randn(len(real), NOISE)), real)
        loss = sum(entropy(each["score"], 1.0) for each in found)
        return loss, loss

    evaluate = Evaluations(losses, images(), two)
    base = evaluate()
    found = roles(evaluate, base, evaluate())
    return found, base, scores_of(base, found)


GIVEN = {
    "two passes": (lambda D, fake, real: [D(real), D(fake)], [NONE, ALL]),
    "detached": (lambda D, fake, real: [D(real), D(fake.detach())], [NONE, ALL]),
    "one pass": (lambda D, fake, real: [D(torch.cat([real, fake]))], [NONE + ALL]),
    "by turns": (lambda D, fake, real: [D(torch.stack([fake, real], 1).flatten(0, 1))], [[True, False] * 8]),
    "with labels": (lambda D, fake, real: [D(torch.zeros(8), fake), D(torch.zeros(8), real)], [ALL, NONE]),
    "with one time for all": (lambda D, fake, real: [D(torch.zeros(1), fake), D(torch.zeros(1), real)], [ALL, [False]]),
    "by name": (lambda D, fake, real: [D(x=fake), D(x=real)], [ALL, NONE]),
    "mixed": (lambda D, fake, real: [D(torch.lerp(real, fake, 0.01))], [ALL]),
    "rounded": (lambda D, fake, real: [D((fake > 0).float()), D(real)], [ALL, NONE]),
    "layers alone": (lambda D, fake, real: [{"score": D.head(D.trunk(fake.flatten(1)))}], [ALL, ALL]),
}


@pytest.mark.parametrize(("call", "rows"), GIVEN.values(), ids=GIVEN)
def test_generated_rows_are_those_that_change_with_the_generator(call, rows):
    found, _, _ = seen(call)
    assert [each.tolist() for each in found.generated] == rows
    assert found.any


def test_nothing_is_generated_where_the_generator_is_not_used():
    found, _, _ = seen(lambda D, fake, real: [D(real)])
    assert [each.tolist() for each in found.generated] == [NONE]
    assert not found.any


def test_rounding_is_no_change_and_another_shape_or_nan_is():
    one = torch.tensor([1.0, 2.0])
    assert _differ(one, one + 1e-3, one + 2e-3).tolist() == [False, False]
    assert _differ(one, one, one + 2e-3).tolist() == [True, True]
    assert _differ(one, one, torch.tensor([1.0, float("nan")])).tolist() == [False, True]
    assert _differ(one, one, torch.ones(3)).tolist() == [True, True]
    assert _differ(torch.arange(2), torch.arange(2), torch.tensor([0, 5])).tolist() == [False, True]


def test_scores_are_outputs_that_the_discriminator_does_not_go_on_with():
    _, base, scores = seen(lambda D, fake, real: [{"score": D.head(D.trunk(fake.flatten(1)))}])
    assert [(each.module is base.calls[1].module, [*each.rows]) for each in scores] == [(True, [1])]


def test_numbers_that_are_no_floats_are_no_scores():
    _, base, scores = seen(lambda D, fake, real: [D(real), D(fake)])
    assert len(base.calls[0].outputs) == 3
    assert [(each.leaf, [*each.rows]) for each in scores] == [(0, [0, 1]), (1, [0, 1])]


class Shaped(nn.Module):
    """A discriminator whose scores have some other shape."""

    def __init__(self, shape):
        super().__init__()
        self.linear, self.shape = nn.Linear(64, 16), shape

    def forward(self, x):
        return self.shape(self.linear(x.flatten(1)))


SHAPES = {
    "patches": (lambda x: x.reshape(len(x), 1, 4, 4), [False] * 128 + [True] * 128),
    "patches in a row": (lambda x: x.reshape(-1), [False] * 128 + [True] * 128),
    "pairs": (lambda x: x.mean(1).reshape(-1, 2).mean(1), [False] * 4 + [True] * 4),
}


def loop_of(shape, together=True):
    torch.manual_seed(0)
    G, D = generator(), Shaped(shape)
    two = players(adam(G.parameters()), adam(D.parameters()))

    def losses(real):
        fake = G(torch.randn(len(real), NOISE))
        found = D(torch.cat([real, fake])).sum() if together else D(real).sum() + D(fake).sum()
        return found, found

    evaluate = Evaluations(losses, images(), two)
    base = evaluate()
    return scores_of(base, roles(evaluate, base, evaluate()))


@pytest.mark.parametrize(("shape", "rows"), SHAPES.values(), ids=SHAPES)
def test_rows_of_scores_are_those_of_samples(shape, rows):
    [score] = loop_of(shape)
    assert score.rows[0].reshape(-1).tolist() == rows


@pytest.mark.parametrize("shape", [lambda x: x.mean(), lambda x: x.reshape(2, 8, 16).mean(0), lambda x: x.mean(0)])
def test_scores_of_both_at_once_are_not_told_apart(shape):
    assert loop_of(shape) is None


def test_a_score_of_a_whole_batch_is_one_where_this_is_of_one_kind():
    [score] = loop_of(lambda x: x.mean(), together=False)
    assert [each.tolist() for each in score.rows.values()] == [False, True]


def test_without_calls_there_are_no_roles():
    loop = RIGHT["dcgan"]()
    evaluate = Evaluations(loop.losses, loop.batch, players(loop.generator, loop.discriminator))
    base = evaluate()
    assert roles(evaluate, base._replace(calls=[]), base) == Roles()
