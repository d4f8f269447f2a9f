"""What tests of loggers share."""

import pytest

import saddlery as sd


class Killed(Exception):
    """How a run ends that is killed."""


@pytest.fixture
def killed():
    """`killed(step, **arguments)`: training that ends at a step without having kept where it was then."""

    def killed(step, **arguments):
        def die(progress):
            if progress.step >= step:
                raise Killed

        with pytest.raises(Killed):
            trained(on_progress=die, **arguments)

    return killed


def trained(method="simultaneous", **arguments):
    """Two seeds of training on a bilinear game, with a record of every third step."""
    settings = {"steps": 20, "every": 3, "seeds": 2, "key": 5, "checkpoint_seconds": 0.0}
    return sd.train(sd.games.bilinear(), getattr(sd.methods, method)(), **settings | arguments)


@pytest.fixture(name="trained")
def _trained():
    """`trained(**arguments)`: two seeds of training on a bilinear game, with a record of every third step."""
    return trained
