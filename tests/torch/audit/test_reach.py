"""Which parameters and modules losses reach."""

import copy
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from tests.torch.networks import Skipping
from tests.torch.right import (
    BATCH,
    NOISE,
    discriminator,
    entropy,
    everything,
    fooled,
    generator,
    images,
    labelled,
    loop,
    normalised,
    probable,
    told_apart,
    unconditional,
)
from torch import nn

from saddlery.torch.audit.findings import Told
from saddlery.torch.audit.reach import _without, reached
from saddlery.torch.state import State


def test_detached_samples_are_found_where_losses_take_probabilities_alone(found):
    def cut(D, fake, _):
        return probable(D(fake.detach()), 1.0)

    _, discriminating = labelled(probable)
    [finding] = found(unconditional(cut, discriminating, D=partial(normalised, nn.Sigmoid()))).findings
    assert finding.code == "F08"
    assert finding.where.startswith("test_reach.py:")  # the generator's call, not the discriminator's


class Unused(nn.Module):
    """A generator with a layer that nothing uses."""

    def __init__(self):
        super().__init__()
        self.layers, self.other = generator(), nn.Linear(2, 2)

    def forward(self, z):
        return self.layers(z)


def test_a_layer_that_nothing_uses_is_named(found):
    [finding] = found(unconditional(fooled, told_apart, G=Unused)).findings
    assert finding.code == "F11"
    assert finding.where == "Unused.other.weight, Unused.other.bias"
    assert "2 of the generator's 8" in finding.what


def test_a_layer_that_is_left_out_now_and_then_is_none(evaluations):
    evaluate = evaluations(unconditional(fooled, told_apart, G=Skipping))
    without = []
    for seed in range(6):
        torch.manual_seed(seed)
        evaluate.state = State(evaluate.state.parameters)
        base = evaluate()
        without.append(len(_without(base, 0, evaluate.players[0].parameters)))
        assert reached(evaluate, base, [], []) == Told()
    assert {*without} == {0, 2}


def test_frozen_layers_in_an_optimiser_are_noted(found):
    def frozen():
        network = discriminator()
        network[0].requires_grad_(False)
        return network

    got = found(unconditional(fooled, told_apart, D=frozen))
    assert got.findings == ()
    assert any("2 of the discriminator's 5 parameters in its optimiser are frozen" in each for each in got.notes)


def test_a_player_that_is_frozen_altogether_is_an_error(found):
    for networks in (
        {"D": lambda: discriminator().requires_grad_(False)},
        {"G": lambda: generator().eval().requires_grad_(False)},
    ):
        [finding] = found(unconditional(fooled, told_apart, **networks)).findings
        assert finding.code == "F02"
        assert finding.what.endswith(", which are all frozen")


def with_other(other, under_no_grad=False, trained=everything):
    """A loop in whose generator's loss another network has a part."""
    torch.manual_seed(0)
    G, D, other = generator(), discriminator(), other()

    def generate(real):
        fake = G(torch.randn(len(real), NOISE))
        with torch.set_grad_enabled(not under_no_grad):
            near = F.mse_loss(other(fake), other(real))
        return fooled(D, fake, real) + near

    return loop(
        generate, lambda real: told_apart(D, real, G(torch.randn(len(real), NOISE)).detach()), images(), (G, D), trained
    )


def layers():
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Dropout(0.1))


def test_a_network_in_no_optimiser_is_found(found):
    [finding] = found(with_other(layers)).findings
    assert finding.code == "F09"
    assert finding.where == "Sequential.0.weight, Sequential.0.bias"


@pytest.mark.parametrize(
    ("other", "under_no_grad"),
    [
        (lambda: layers().requires_grad_(False), False),
        (lambda: layers().eval(), False),
        (layers, True),
        (lambda: lambda x: copy.deepcopy(nn.Linear(8, 8))(x), False),
    ],
    ids=["frozen", "in evaluation mode", "under no_grad", "made anew"],
)
def test_a_network_that_is_not_trained_is_no_mistake(codes, other, under_no_grad):
    assert codes(with_other(other, under_no_grad)) == []


def test_a_parameter_of_both_players_is_named(found):
    given = unconditional(fooled, told_apart)
    weight = given.discriminator.param_groups[0]["params"][-1]
    given.generator.add_param_group({"params": [weight]})
    [finding] = [each for each in found(given).findings if each.code == "F10"]
    assert finding.where == "Sequential.6.weight"


def still(network, *places):
    for place in places:
        network[place].eval()
    return network


class Pretrained(nn.Module):
    """A generator with a frozen encoder in evaluation mode."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(NOISE, NOISE), nn.BatchNorm1d(NOISE), nn.Dropout()).eval()
        self.layers = generator()
        self.encoder.requires_grad_(False)

    def forward(self, z):
        return self.layers(self.encoder(z))


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (normalised, []),
        (lambda: normalised().eval(), ["F15"]),
        (lambda: still(normalised(), 3), ["F15"]),
        (lambda: still(discriminator(nn.Dropout(0.1)), 7), ["F15"]),
        (lambda: discriminator().eval(), []),  # whose layers do the same in both modes
    ],
)
def test_modules_in_evaluation_mode_are_found_where_it_matters(codes, network, expected):
    assert codes(unconditional(fooled, told_apart, D=network)) == expected


def test_a_frozen_encoder_in_evaluation_mode_is_meant(found):
    got = found(
        unconditional(fooled, told_apart, G=Pretrained, trained=lambda G, D: (G.layers.parameters(), D.parameters()))
    )
    assert got.findings == ()


def test_modes_that_the_losses_set_are_those_that_count(codes):
    def generating(D, fake, _):
        return entropy(D.train()(fake), 1.0)

    assert codes(unconditional(generating, told_apart, D=lambda: normalised().eval())) == []


@pytest.mark.parametrize(
    ("generating", "expected"),
    [
        (lambda D, fake, real: F.l1_loss(fake, real) - D(fake.detach()).mean(), ["F08"]),
        (lambda D, fake, real: F.l1_loss(fake, real) - D(fake).mean().detach(), ["F08"]),
        (lambda D, fake, real: F.l1_loss(fake, real) - D(fake).mean().item(), ["F08"]),
        (lambda D, fake, real: F.l1_loss(fake, real) * torch.sigmoid(-D(fake)).mean().detach(), []),
        (lambda D, fake, real: F.l1_loss(fake, real) - D(fake).mean() - D(fake.detach()).mean(), []),
    ],
    ids=["samples detached", "a loss detached", "a number", "a weight", "one of two"],
)
def test_scores_that_do_not_reach_the_generator_are_found(codes, generating, expected):
    assert codes(unconditional(generating, told_apart)) == expected


def test_the_words_of_a_long_list_are_few(found):
    def many():
        network = Unused()
        network.other = nn.ModuleList([nn.Linear(1, 1) for _ in range(BATCH)])
        return network

    [finding] = found(unconditional(fooled, partial(told_apart), G=many)).findings
    assert finding.where.endswith("Unused.other.1.bias and 12 more")
