"""Gradients by samples that penalties are of, compared with finite differences."""

from functools import partial

import pytest
import torch
from tests.torch.networks import Blind, quantised
from tests.torch.right import RIGHT, discriminator, lipschitz, raised, softly, unconditional, wasserstein
from tests.torch.unusual import UNUSUAL

from saddlery.torch.audit.differences import DOUBLE, Differences, apart
from saddlery.torch.audit.slopes import _Moving, slopes


@pytest.fixture
def judged(evaluations):
    def judged(loop):
        evaluate = evaluations(loop)
        return slopes(evaluate, evaluate())

    return judged


@pytest.mark.parametrize(
    "name", ["wgan_penalised", "r1", "relativistic", "vqgan", "group_norm", "gradient_normalised", "path_lengths"]
)
def test_right_gradients_agree_in_value(evaluations, name):
    moving = _Moving(Differences(evaluations((RIGHT | UNUSUAL)[name]()), DOUBLE))
    automatic, finite = moving.automatic(), moving.finite()
    seen = automatic.abs().sum(1) > 0
    assert seen.any()  # whose outputs are those of a discriminator
    assert apart(automatic[seen], finite[seen]) < 1e-5


@pytest.mark.parametrize("name", ["dcgan", "functional_gradients"])
def test_without_gradients_nothing_is_looked_at(judged, name):
    found = judged((RIGHT | UNUSUAL)[name]())
    assert (found.findings, found.notes, found.why) == ((), (), "")


def augmented(D, real, fake):
    """The gradient is by samples that the discriminator is given in another shape, beside others."""
    x = real.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(D(torch.cat([x.flip(-1), fake])).sum(), x, create_graph=True)
    return wasserstein(D, real, fake) + gradient.square().mean()


@pytest.mark.parametrize("discriminating", [lipschitz, softly, augmented])
def test_a_discriminator_that_lets_no_gradient_through_in_a_part_is_found(judged, discriminating):
    [finding] = judged(unconditional(raised, discriminating, D=Blind)).findings
    assert finding.code == "F16"
    assert "finite differences in float64 differ by" in finding.what
    assert "self.other(x.detach())" in finding.where
    assert judged(unconditional(raised, discriminating)).findings == ()


def around(D, real, fake):
    """Samples reach the loss beside the discriminator as well."""
    x = real.detach().requires_grad_()
    (gradient,) = torch.autograd.grad((D(x).sum() * x.sum(), x.square().sum()), x, create_graph=True)
    return wasserstein(D, real, fake) + gradient.square().mean()


def test_ways_of_samples_beside_the_discriminator_are_no_error(evaluations):
    evaluate = evaluations(unconditional(raised, around))
    found = slopes(evaluate, evaluate())
    assert (found.findings, found.why) == ((), "")


def test_what_is_rounded_cannot_be_judged(judged):
    found = judged(unconditional(raised, softly, D=quantised))
    assert found.findings == ()
    assert "rounded" in found.why


def test_weights_of_a_gradient_count(judged):
    def weighted(D, real, fake, network=None):
        x = real.detach().requires_grad_()
        scores = D(x)
        (gradient,) = torch.autograd.grad(scores, x, grad_outputs=torch.rand_like(scores), create_graph=True)
        return wasserstein(D, real, fake) + gradient.square().mean()

    assert judged(unconditional(raised, weighted)).why == ""
    assert len(judged(unconditional(raised, weighted, D=Blind)).findings) == 1


def test_a_penalty_with_both_mistakes_is_told_of_by_both(codes):
    assert codes(unconditional(raised, partial(lipschitz, create_graph=False), D=Blind)) == ["F16", "F16"]
    assert codes(unconditional(raised, lipschitz, D=discriminator)) == []
