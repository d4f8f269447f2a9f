"""What tests of a check share."""

import pytest

from saddlery.torch.audit.check import check
from saddlery.torch.audit.evaluation import Evaluations
from saddlery.torch.players import players


@pytest.fixture
def evaluations():
    """`evaluations(loop)`: of its losses."""

    def evaluations(loop):
        return Evaluations(loop.losses, loop.batch, players(loop.generator, loop.discriminator))

    return evaluations


@pytest.fixture
def found():
    """`found(loop)`: what a check finds."""

    def found(loop):
        return check(
            loop.losses, loop.batch, generator=loop.generator, discriminator=loop.discriminator, step=loop.step
        )

    return found


@pytest.fixture
def codes(found):
    """`codes(loop)`: the codes of what a check finds."""
    return lambda loop: [each.code for each in found(loop).findings]
