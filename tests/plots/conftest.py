"""What is drawn: a trained run, a sweep, a diagnosis and a spectrum, all small."""

import jax
import jax.numpy as jnp
import pytest

import saddlery as sd

STEPS, EVERY = 60, 20


@pytest.fixture(scope="session")
def dirac():
    """A game of two numbers."""
    return sd.games.dirac("nonsaturating", "r1(weight=0.5)")


@pytest.fixture(scope="session")
def run(dirac):
    """Two seeds on it, with their positions and spectra."""
    probes = sd.metrics.probes(dirac) | {"position": sd.dynamics.Positions(), "spectra": sd.dynamics.Spectra()}
    return sd.train(dirac, sd.methods.alternating(), steps=STEPS, every=EVERY, key=0, seeds=2, probes=probes)


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """A sweep over two methods, one with a level, on a ring."""
    methods = ["simultaneous", "consensus(gamma=[0.5, 2.0])"]
    settings = {"steps": 20, "every": 10, "seeds": 2, "samples": 50, "shown": 30}
    return sd.sweep("ring(batch=16)", methods, out=tmp_path_factory.mktemp("plots") / "ring", **settings)


@pytest.fixture(scope="session")
def diagnosis(dirac, run):
    """Of the first seed."""
    one = run.seed(0)
    return sd.diagnose(dirac, sd.methods.alternating(), one.players, history=one.history, key=jax.random.key(0),
                       steps=100)  # fmt: skip


@pytest.fixture(scope="session")
def spiral():
    """A quadratic game with two pairs of eigenvalues."""
    return sd.games.quadratic(A=[[0.1, 0], [0, 0.2]], B=[[1.0, 0], [0, 0.3]], C=[[0.1, 0], [0, 0.1]])


@pytest.fixture(scope="session")
def spectrum(spiral):
    """Away from its equilibrium."""
    return sd.spectrum(spiral, sd.Pair(jnp.ones(2), jnp.ones(2)), key=jax.random.key(0))
