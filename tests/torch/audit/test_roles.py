"""What is wrong with how losses respond to scores: what is accused, what is noted, and what cannot be told."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from tests.torch import settings
from tests.torch.networks import Headed
from tests.torch.right import (
    discriminator,
    entropy,
    fooled,
    hinge,
    raised,
    told_apart,
    unconditional,
    vocoder,
    wasserstein,
)
from tests.torch.unusual import UNUSUAL
from torch import nn


def test_a_term_whose_weight_is_zero_is_said_to_be_that(found):
    loop = unconditional(fooled, lambda D, real, fake: entropy(D(real), 1.0) + 0 * entropy(D(fake), 0.0))
    [finding] = found(loop).findings
    assert finding.code == "F03"
    assert "is their weight 0?" in finding.what
    assert finding.where.startswith("test_roles.py:")


def test_a_term_that_is_not_there_is_not_said_to_have_a_weight(found):
    [finding] = found(unconditional(fooled, lambda D, real, _: entropy(D(real), 1.0))).findings
    assert finding.code == "F03"
    assert "weight" not in finding.what


def test_real_samples_that_the_discriminator_never_sees_are_missed(codes):
    assert codes(unconditional(fooled, lambda D, _, fake: entropy(D(fake), 0.0))) == ["F04"]


@pytest.mark.parametrize("wanted", [0.0, 1.0])
def test_whatever_hides_generated_samples_is_no_accusation(found, wanted):
    older = torch.tanh(torch.randn(8, 1, 8, 8))  # which were generated long ago
    got = found(unconditional(fooled, lambda D, real, _: entropy(D(real), 1.0) + entropy(D(older), wanted)))
    assert [each.code for each in got.findings] == ([] if wanted == 0 else ["F03"])
    assert ("F03" in got.unknown) == (wanted == 0)


def test_what_else_a_discriminator_returns_is_noted(found):
    got = found(UNUSUAL["several_labels"]())
    assert got.findings == ()
    assert any("beside a discriminator's scores, of the output 1 of Headed" in each for each in got.notes)


def test_a_mistake_in_the_score_beside_another_output_is_found(codes):
    def alike(D, real, fake):
        (reals, classes), (fakes, _) = D(real), D(fake)
        return entropy(reals, 1.0) + entropy(fakes, 1.0) + F.mse_loss(classes, torch.ones(8, 3))

    generating = lambda D, fake, _: entropy(D(fake)[0], 1.0)  # noqa: E731
    assert codes(unconditional(generating, alike, D=partial(Headed, 3))) == ["F06"]


def test_each_of_several_discriminators_is_looked_at(found):
    def first_alone(fakes):
        return -fakes[0].mean() + fakes[1].mean()

    def told(reals, fakes):
        return sum(F.relu(1 - a).mean() + F.relu(1 + b).mean() for a, b in zip(reals, fakes, strict=True))

    [finding] = found(vocoder(first_alone, told, matching=0.0)).findings
    assert finding.code == "F07"


def test_a_discriminator_of_cycles_that_wants_the_wrong_label_is_found(codes):
    loop = settings.cycle()
    assert {*codes(loop._replace(losses=lambda batch: (-loop.losses(batch)[0], loop.losses(batch)[1])))} == {"F07"}


@pytest.mark.parametrize(
    ("generating", "discriminating", "expected"),
    [
        (raised, lambda D, real, fake: wasserstein(D, real, fake) + 1e-3 * D(real).square().mean(), []),
        (raised, lambda D, real, fake: hinge(D, fake, real), ["F07"]),
        (lambda D, fake, _: 1e-4 * raised(D, fake, None) + fake.square().mean(), hinge, []),
        (lambda D, fake, _: -1e-4 * raised(D, fake, None) + fake.square().mean(), hinge, ["F07"]),
        (fooled, lambda D, real, fake: told_apart(D, real, fake) + told_apart(D, real, fake), []),
        (lambda D, fake, real: F.l1_loss(fake, real), hinge, ["F05"]),
    ],
)
def test_signs_and_weights(codes, generating, discriminating, expected):
    assert codes(unconditional(generating, discriminating)) == expected


class Telling(nn.Module):
    """A discriminator that returns its loss, and not its scores."""

    def __init__(self):
        super().__init__()
        self.scores = discriminator()

    def forward(self, real, fake):
        return told_apart(self.scores, real, fake)


class Several(nn.Module):
    """Discriminators that are given both at once, and return lists, as those of vocoders do."""

    def __init__(self):
        super().__init__()
        self.scores = nn.ModuleList([discriminator(), discriminator()])

    def forward(self, real, fake):
        return [each(real) for each in self.scores], [each(fake) for each in self.scores]


def each_told_apart(label):
    def losses(D, real, fake):
        reals, fakes = D(real, fake)
        return sum(entropy(a, 1.0) + entropy(b, label) for a, b in zip(reals, fakes, strict=True))

    return losses


def each_fooled(D, fake, real):
    return sum(entropy(each, 1.0) for each in D(real, fake)[1])


@pytest.mark.parametrize(
    ("D", "generating", "discriminating", "expected"),
    [
        (Telling, lambda D, fake, _: fooled(D.scores, fake, None), lambda D, *both: D(*both), []),
        (Telling, lambda D, fake, _: -fooled(D.scores, fake, None), lambda D, *both: D(*both), ["F07"]),
        (Several, each_fooled, each_told_apart(0.0), []),
        (Several, each_fooled, each_told_apart(1.0), ["F06"]),
        (Several, lambda D, fake, real: each_fooled(D, fake.detach(), real), each_told_apart(0.0), ["F08"]),
    ],
)
def test_within_a_discriminator_that_is_given_both_at_once_its_parts_are_judged(
    found, D, generating, discriminating, expected
):
    got = found(unconditional(generating, discriminating, D=D))
    assert {each.code for each in got.findings} == {*expected}
    assert not {"F03", "F04", "F05", "F07"} & {*got.unknown}


class Comparing(nn.Module):
    """A discriminator of pairs, which says which of two comes first."""

    def __init__(self):
        super().__init__()
        self.scores = nn.Sequential(nn.Linear(128, 16), nn.Tanh(), nn.Linear(16, 1))

    def forward(self, one, other):
        return self.scores(torch.cat([one.flatten(1), other.flatten(1)], 1))


def test_a_discriminator_of_pairs_cannot_be_judged(found):
    first = lambda D, real, fake: entropy(D(real, fake), 1.0) + entropy(D(fake, real), 0.0)  # noqa: E731
    other = lambda D, fake, real: entropy(D(real, fake), 0.0) + entropy(D(fake, real), 1.0)  # noqa: E731
    got = found(unconditional(other, first, D=Comparing))
    assert got.findings == ()
    assert {"F03", "F04", "F05"} <= {*got.unknown}


class Reading(nn.ModuleList):
    """A discriminator, and a network that reads something off generated samples alone."""

    def __init__(self):
        super().__init__([discriminator(), discriminator(outputs=2)])


def test_a_network_beside_the_discriminator_may_be_given_samples_of_one_kind(found):
    def read(networks, real, fake):
        return hinge(networks[0], real, fake) + F.mse_loss(networks[1](fake), torch.ones(8, 2))

    got = found(unconditional(lambda networks, fake, _: raised(networks[0], fake, None), read, D=Reading))
    assert got.findings == ()
