"""Derivatives by automatic differentiation and by finite differences."""

import pytest
import torch
from tests.torch.networks import Inside, quantised
from tests.torch.right import RIGHT, discriminator, fooled, hinge, raised, told_apart, unconditional
from tests.torch.snapshot import modules_of, snapshot
from tests.torch.unusual import UNUSUAL
from torch import nn

from saddlery.torch.audit.differences import DOUBLE, SINGLE, Differences, apart
from saddlery.torch.audit.functions import Treatment


def test_differences_of_numbers_are_shares_of_the_larger_ones():
    one, other = torch.tensor([3.0, 4.0]), torch.tensor([3.0, 0.0])
    assert apart(one, one) == 0
    assert apart(one, other) == apart(other, one) == pytest.approx(0.8)
    assert apart(torch.zeros(2), torch.zeros(2)) == 0
    assert apart(torch.zeros(2), torch.full((2,), 1e-9), rounding=1e-9) < 0.1


@pytest.mark.parametrize("name", ["dcgan", "wgan_penalised", "hinge_spectral_old", "relativistic", "projection"])
def test_both_agree_far_below_what_counts_as_an_error(evaluations, name):
    differences = Differences(evaluations(RIGHT[name]()), DOUBLE)
    automatic, finite = differences.automatic(), differences.finite()
    assert automatic.norm() > 1e-4
    assert apart(automatic, finite) < 1e-4


def test_in_single_precision_they_agree_less(evaluations):
    differences = Differences(evaluations(RIGHT["dcgan"]()), SINGLE)
    assert 1e-6 < apart(differences.automatic(), differences.finite()) < SINGLE.error


def test_numbers_are_double_where_somebody_asks_for_less(evaluations):
    types = []

    def discriminating(D, real, fake):
        scores = D(real.to(torch.float32)).float()
        types.append(scores.dtype)
        return told_apart(D, real, fake) + scores.mean()

    loop = unconditional(fooled, discriminating)
    before = snapshot(loop.generator, loop.discriminator, modules=(modules := modules_of(loop.discriminator)))
    evaluate = evaluations(loop)
    evaluate.state._others.clear()  # so that `types` is not put back
    differences = Differences(evaluate, DOUBLE)
    assert apart(differences.automatic(), differences.finite()) < 1e-4
    assert {*types} == {torch.float64}
    evaluate.state.restore()
    assert snapshot(loop.generator, loop.discriminator, modules=modules) == before


def test_frozen_parameters_stay_where_they_are(evaluations):
    differences = Differences(evaluations(UNUSUAL["frozen_layers"]()), DOUBLE)
    assert apart(differences.automatic(), differences.finite()) < 1e-4
    assert len(differences.still) == 2


def test_the_graph_is_put_together_again_at_a_line(evaluations):
    loop = unconditional(raised, hinge, D=lambda: discriminator(wrap=lambda layer: Inside(layer, detached=True)))
    differences = Differences(evaluations(loop), DOUBLE)
    [where] = [
        site for site in differences.evaluated().functions.cuts if site.function == "detach" and "norm" in str(site)
    ]
    differences.converge(30)
    finite = differences.finite()
    assert apart(differences.automatic(), finite) > 0.1
    assert apart(differences.automatic(Treatment(uncut=[where])), finite) < DOUBLE.error


def test_what_a_forward_pass_iterates_converges(evaluations):
    differences = Differences(evaluations(UNUSUAL["own_spectral_norm"]()), DOUBLE)
    before = apart(differences.automatic(), differences.finite())
    differences.converge(60)
    assert apart(differences.automatic(), differences.finite()) < min(DOUBLE.error, before / 10)


def test_steps_of_another_length_tell_what_is_rounded(evaluations):
    smooth, rounded = (
        Differences(evaluations(unconditional(raised, hinge, D=network)), DOUBLE)
        for network in (discriminator, quantised)
    )
    assert apart(smooth.finite(), smooth.finite(4.0)) < 1e-4
    assert apart(rounded.finite(), rounded.automatic()) > 0.1


def test_directions_have_the_size_of_parameters(evaluations):
    def network():
        found = nn.Sequential(nn.Flatten(), nn.Linear(64, 1))
        nn.init.constant_(found[1].weight, 5.0)
        nn.init.zeros_(found[1].bias)
        return found

    differences = Differences(evaluations(unconditional(raised, hinge, D=network)), DOUBLE)
    sizes = [[float(each.square().mean().sqrt()) for each in way] for way in differences.directions]
    assert all(3 < weight < 7 for weight, _ in sizes)
    assert sizes[-1] == [5.0, 0.0]
