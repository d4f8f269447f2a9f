"""Whether the discriminator's gradient is that of its loss, and which line cuts it."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from tests.torch.networks import ByNumber, Inside, Reversed
from tests.torch.right import (
    RIGHT,
    discriminator,
    fooled,
    hinge,
    lipschitz,
    raised,
    slope,
    told_apart,
    unconditional,
    wasserstein,
)
from torch import nn

from saddlery.torch.audit.causes import of_parameters_alone, useless
from saddlery.torch.audit.cuts import cut
from saddlery.torch.audit.differences import DOUBLE, Differences


def wrapped(wrap):
    return partial(unconditional, raised, hinge, D=partial(discriminator, wrap=wrap))


def under_no_grad(layer):
    class Normed(Inside):
        def forward(self, x):
            with torch.no_grad():
                norm = torch.linalg.matrix_norm(self.layer.weight.flatten(1), 2)
            if isinstance(self.layer, nn.Linear):
                return self.layer(x) / norm
            return F.conv2d(x, self.layer.weight / norm, self.layer.bias, self.layer.stride, self.layer.padding)

    return Normed(layer)


def decayed(D, real, fake):
    size = sum(each.detach().square().sum() for each in D.parameters())
    return hinge(D, real, fake) + size


def of_data(D, real, fake):
    return wasserstein(D, real, fake) + 10 * slope(D, real).mean().data


MISTAKES = {  # the line, and what to try
    "a penalty without a graph": (
        partial(unconditional, raised, partial(lipschitz, create_graph=False)),
        "(gradient,) = torch.autograd.grad(",
        "create_graph=True",
    ),
    "a penalty's data": (partial(unconditional, raised, of_data), "slope(D, real).mean().data", "leave out .data"),
    "a norm detached": (wrapped(partial(Inside, detached=True)), "norm.detach()", "leave out detach"),
    "a norm under no_grad": (wrapped(under_no_grad), "with torch.no_grad():", "leave out no_grad"),
    "a norm as a number": (wrapped(ByNumber), ".item()", "leave out .item()"),
    "a norm of NumPy's": (wrapped(partial(ByNumber, by_numpy=True)), "np.linalg.norm(", "in the graph"),
    "weight decay without a gradient": (partial(unconditional, raised, decayed), "each.detach().square()", "detach"),
}


@pytest.mark.parametrize(("make", "line", "remedy"), MISTAKES.values(), ids=MISTAKES)
def test_the_line_that_cuts_the_gradient_is_named(evaluations, make, line, remedy):
    judged = cut(evaluations(make()))
    [finding] = judged.findings
    assert finding.code == "F16"
    assert line in finding.where
    assert remedy in finding.remedy
    assert not judged.why


def target(D, real, fake):
    mean = D(real).mean().detach()
    return told_apart(D, real, fake) + (D(fake) - mean).square().mean()


def averaged(D, real, fake):
    scores = D(real)
    with torch.no_grad():
        mean = scores.mean()
    return told_apart(D, real, fake) + (scores - mean).square().mean() + (D(fake) - mean).square().mean()


@pytest.mark.parametrize("discriminating", [target, averaged])
def test_a_constant_that_derivatives_depend_on_is_noted(evaluations, discriminating):
    judged = cut(evaluations(unconditional(fooled, discriminating)))
    assert judged.findings == ()
    [note] = judged.notes
    assert "holds constant what depends on its parameters (test_cuts.py:" in note


class Turning(nn.Module):
    """A layer whose gradient is another one's, as its author wants it."""

    def forward(self, x):
        return Reversed.apply(x)


def test_where_no_line_is_found_it_cannot_be_told(evaluations):
    judged = cut(
        evaluations(
            unconditional(
                fooled, told_apart, D=lambda: nn.Sequential(*discriminator()[:2], Turning(), *discriminator()[2:])
            )
        )
    )
    assert judged.findings == judged.notes == ()
    assert "no line was found that cuts the graph" in judged.why


def test_a_number_of_samples_cannot_be_judged(evaluations):
    def numbered(D, real, fake):
        return told_apart(D, real, fake) + (D(fake) - D(real).mean().item()).square().mean()

    judged = cut(evaluations(unconditional(fooled, numbered)))
    assert judged.findings == ()
    assert "D(real).mean().item()" in judged.notes[0]


def test_what_cannot_be_computed_in_double_is_computed_in_single(evaluations):
    def stubborn(D, real, fake):
        if real.dtype != torch.float32:
            raise RuntimeError("not implemented for Double")
        return told_apart(D, real, fake)

    assert cut(evaluations(unconditional(fooled, stubborn))) == cut(evaluations(RIGHT["lsgan"]()))

    def penalised(D, real, fake, held=torch.detach):
        return stubborn(D, real, fake) + 100 * held(slope(D, fake).mean())

    def smooth():
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.Tanh(), nn.Linear(8, 1))

    [finding] = cut(evaluations(unconditional(raised, penalised, D=smooth))).findings
    assert "float32" in finding.what
    right = partial(penalised, held=lambda x: x)
    assert cut(evaluations(unconditional(raised, right, D=smooth))).findings == ()


def test_losses_that_are_not_finite_nearby_cannot_be_judged(evaluations):
    def infinite(D, real, fake):
        return D(real).square().sum().sqrt() * 0 + (D(real) * 0).sqrt().mean()

    assert cut(evaluations(unconditional(fooled, infinite))).why == "its derivatives are not finite"


def test_what_is_a_function_of_parameters_alone_is_known(evaluations):
    def both(D, real, fake):
        of_weight = D[0].weight.detach().sum()
        of_scores = D(real).detach().mean()
        return hinge(D, real, fake) + of_weight * D(fake).mean() * of_scores

    differences = Differences(evaluations(unconditional(raised, both)), DOUBLE)
    alone = [site for site in of_parameters_alone(differences) if site.file == __file__]
    assert ["of_weight" in str(site) for site in alone] == [True]
    sites = [site for site in differences.evaluated().functions.cuts if site.file == __file__]
    assert len(sites) == 2
    assert not any(useless(differences, site) for site in sites)


def penalised(weight, create_graph=False):
    def losses(D, real, fake):
        return told_apart(D, real, fake) + weight * slope(D, real, create_graph).mean()

    return losses


def balanced(D, real, fake):
    """A loss whose second part has a weight that is made of gradients, and is meant to be a constant."""
    return told_apart(D, real, fake) + 1e-3 * slope(D, real, create_graph=False).mean() * D(real).square().mean()


@pytest.mark.parametrize(
    ("discriminating", "expected"),
    [
        (penalised(1e-4), ["F16"]),  # a part of the gradient that differences do not see
        (penalised(1e-4, create_graph=True), []),
        (lambda D, real, fake: told_apart(D, real, fake) + 0 * float(slope(D, real, False).mean()), []),  # for a log
        (balanced, []),
    ],
)
def test_a_small_penalty_without_a_graph_is_found_and_what_is_made_of_gradients_otherwise_is_not(
    codes, discriminating, expected
):
    assert codes(unconditional(fooled, discriminating)) == expected
