"""Scales of generated and real samples, and batch norm over both."""

from functools import partial

import pytest
import torch
from tests.torch.networks import scaled
from tests.torch.right import (
    BATCH,
    fooled,
    generator,
    images,
    loop,
    normalised,
    slope,
    together,
    told_apart,
    unconditional,
)
from tests.torch.unusual import UNUSUAL
from torch import nn

from saddlery.torch.audit.samples import activation


def ended(*last):
    return lambda: nn.Sequential(*generator()[:-1], *last)


SCALES = {
    "in [-1, 1]": (images, generator, []),
    "in [0, 1] from tanh": (lambda: (images() + 1) / 2, generator, ["F14"]),
    "in [0, 1] from a sigmoid": (lambda: (images() + 1) / 2, ended(nn.Sigmoid()), []),
    "in [-1, 1] from a sigmoid": (images, ended(nn.Sigmoid()), ["F14"]),
    "in [0, 255]": (lambda: 255 * torch.rand(BATCH, 1, 8, 8), generator, ["F14"]),
    "in [0, 255] from anything": (lambda: 255 * torch.rand(BATCH, 1, 8, 8), ended(), ["F14"]),
    "of standard deviation 1": (lambda: torch.randn(BATCH, 1, 8, 8), generator, ["F14"]),
    "of standard deviation 1 from anything": (lambda: torch.randn(BATCH, 1, 8, 8), ended(), []),
    "with little noise": (lambda: images() + torch.rand(BATCH, 1, 8, 8) / 128, generator, []),
    "from a layer of zeros": (images, lambda: scaled(generator()[:-1]), []),
    "from a large layer": (images, lambda: scaled(generator()[:-1], 1000.0), ["F14"]),
    "bright ones": (lambda: 1 - 0.1 * torch.rand(BATCH, 1, 8, 8), generator, []),
    "small ones": (lambda: 0.1 * images(), generator, []),
}


@pytest.mark.parametrize(("batch", "network", "expected"), SCALES.values(), ids=SCALES)
def test_scales_differ_or_do_not(codes, batch, network, expected):
    assert codes(unconditional(fooled, told_apart, G=network, batch=batch)) == expected


def conditional(scale):
    """Images beside what they are generated from, as one array."""
    torch.manual_seed(0)
    G, D = nn.Sequential(nn.Conv2d(1, 4, 3, 1, 1), nn.ReLU(), nn.Conv2d(4, 1, 3, 1, 1), nn.Tanh()), nn.Conv2d(2, 1, 8)
    batch = 40 * torch.rand(BATCH, 1, 8, 8), scale * images()

    def generated(batch):
        return torch.cat([batch[0], G(batch[0] / 40)], 1)

    return loop(
        lambda batch: fooled(D, generated(batch), None),
        lambda batch: told_apart(D, torch.cat(batch, 1), generated(batch).detach()),
        batch,
        (G, D),
    )


@pytest.mark.parametrize(("scale", "expected"), [(1.0, []), (5.0, ["F14"])])
def test_what_samples_are_generated_from_has_any_scale(codes, scale, expected):
    assert codes(conditional(scale)) == expected


def test_features_are_not_samples(codes):
    torch.manual_seed(0)
    loop = UNUSUAL["informative"]()
    for weight in loop.discriminator.param_groups[0]["params"]:
        weight.data.mul_(3)  # as after some training: features are no longer in the range of images
    assert codes(loop) == []


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (torch.tanh, (-1, 1)),
        (lambda x: torch.sigmoid(x).reshape(-1)[None], (0, 1)),
        (lambda x: torch.cat([torch.tanh(x), x]), (-1, 1)),
        (lambda x: 2 * torch.tanh(x), None),
        (lambda x: x.detach(), None),
        (torch.relu, None),
    ],
)
def test_the_last_activation_is_looked_for_behind_what_moves_numbers_alone(function, expected):
    assert activation(function(torch.zeros(2, 2, requires_grad=True) + 1)) == expected


def test_batch_norm_over_both_is_noted_with_what_it_leaks(found):
    one, two = (found(unconditional(fooled, discriminating, D=normalised)) for discriminating in (together, told_apart))
    [note] = [each for each in one.notes if "in one pass" in each]
    assert "scores of real samples change by" in note
    assert two.notes == ()


def test_a_penalty_of_single_samples_with_batch_norm_is_noted(found):
    def penalised(D, real, fake):
        return told_apart(D, real, fake) + slope(D, real).mean()

    with_norm, without = (found(unconditional(fooled, penalised, **given)).notes for given in ({"D": normalised}, {}))
    assert any("batch norm in the discriminator makes depend on the other samples" in each for each in with_norm)
    assert without == ()


def test_leaking_gradients_are_noted(found):
    [note] = found(unconditional(fooled, told_apart, detached=False)).notes
    assert "has a gradient by the generator's parameters too" in note
    assert found(unconditional(fooled, partial(told_apart))).notes == ()
