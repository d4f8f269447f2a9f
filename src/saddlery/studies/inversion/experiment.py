"""The experiment of the study `inversion`: the noise that makes given images, and their likelihood."""

from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import xarray as xr
from jaxtyping import Array

from saddlery import metrics, optimisers
from saddlery.data import as_data
from saddlery.data.distinct import distinct
from saddlery.experiments.built import prepare
from saddlery.experiments.experiment import Experiment
from saddlery.experiments.grid import Setting
from saddlery.metrics.probes import PIXELS
from saddlery.networks import Network
from saddlery.studies.controls import beside
from saddlery.studies.study import Progress
from saddlery.studies.trained import once, train_and_measure
from saddlery.types import Key, Parameters

SPLITS = ("train", "test")
TOLERANCE = 1e-4  # of the gradient's norm, at which a search has converged
STDS = (0.3, 0.5, 0.8)  # σ of the noise on each pixel under which the likelihood is estimated
SHOWN = 8  # images of each split whose reconstructions are kept
ADAM = optax.adam(0.05)  # the second optimiser
AGREE, TINY = 1.1, 1e-6  # a search agrees with the best one when its error is at most so many times, and so much, more
EXACT = 64  # dimension of z up to which all columns of ∂G/∂z are computed
PUBLISHED = {0: 0.0231, 1: 0.0195, 5: 0.02, 10: 0.0181}  # Metz et al. (2017), table 3: CIFAR-10's training images


class Training(NamedTuple):
    """The training of the generators: data, networks, steps and K."""

    data: str
    network: str
    noise: int
    batch: int
    optimiser: str
    steps: int
    seeds: int
    depths: tuple[int, ...] = (0, 1, 5, 10)


class Search(NamedTuple):
    """The effort of the search: images, searches and their lengths; of the likelihood images, temperatures, chains."""

    images: int = 32
    restarts: int = 6
    iterations: int = 1000
    adam: int = 1000
    points: int = 48
    likely: int = 12
    temperatures: int = 250
    chains: int = 8


class Scale(NamedTuple):
    """The scale of the experiment: the trainings, and the searches on what they leave."""

    training: Training
    search: Search


SCALES = {
    "tiny": Scale(
        Training("digits", "mlp(width=4)", 2, 8, "adam(learning_rate=1e-3, b1=0.5)", 4, 2, (0, 2)),
        Search(images=3, restarts=2, iterations=20, adam=10, points=4, likely=2, temperatures=10, chains=4),
    ),
    "quick": Scale(
        Training("digits", "mlp(width=64, fraction=0.5)", 16, 64, "adam(learning_rate=1e-3, b1=0.5)", 4000, 5),
        Search(),
    ),
    "paper": Scale(
        Training("cifar10", "dcgan3_nobn(width=64)", 256, 64, optimisers.PUBLISHED["images"][0], 100_000, 5),
        Search(images=256, restarts=5, iterations=1000, adam=2000, likely=64, temperatures=1000, chains=16),
    ),
}


def measure(parts: Path, size: Scale, progress: Progress | None = None) -> xr.Dataset:
    """Train generators with K = 0, 1, 5, 10 unrolled steps and look for the noise that makes given images.

    Metz et al. (2017, section 3.4) report the least error of training images, smaller for larger K. Their reviewers
    asked whether the noise found is likely, whether an identity would not win, and whether failing is not only a harder
    search; so beside the error there are its noise's density, held-out images, the searches' length, convergence and
    agreement, a second optimiser, the generators' smoothness, a likelihood, and an overcomplete identity and untrained
    generators as controls.

    **Returns:** the records of training (`setting`, `seed`, `step`) and, along `generator` with the controls in the
    place of `setting`, what `inverted` says.
    """
    training, search = size
    experiment, shown = trained_generators(training), drawn(training.data, search.images)

    def of_players(game, players, key):
        return inverted(game.generator, players.generator, shown, key, noise=game.noise, search=search)

    of_players.dims = DIMS  # type: ignore[attr-defined]
    results = train_and_measure(parts, {"unrolled": experiment}, of_players, named, progress)
    game = prepare(experiment).game

    def untrained(seed):
        return of_players(game, game.init(jax.random.key(seed)), jax.random.key(seed))

    def identity():
        control = metrics.Identity(shown.shape[2:])
        return inverted(control, (), shown, jax.random.key(0), noise=control.noise, search=search)

    held = parts / "controls"
    fresh = [once(held / f"untrained-{i}.npz", partial(untrained, i)) for i in range(training.seeds)]
    alone = once(held / "identity.npz", identity)
    results = beside(results, list(alone), {"untrained": fresh, "identity": [alone] * training.seeds})
    results["sought"] = DIMS["reconstructed"], np.asarray(metrics.pixels(shown[:, :SHOWN]))
    return results.assign_coords(split=list(SPLITS), std=list(STDS)).assign_attrs(
        note=f"Generators trained on {training.data} against a discriminator unrolled for K steps, K = 0 being "
        "simultaneous descent; then, for training and for held-out images, the search for the noise z that makes them "
        "best. An identity with as many numbers as an image and generators that were never trained are controls.",
        pixels=int(np.prod(shown.shape[2:])),
        latent=training.noise,
        tolerance=TOLERANCE,
        exact=[float(identity_likelihood(shown[1, : search.likely], std).mean()) for std in STDS],
        **search._asdict(),
    )


def trained_generators(training: Training) -> Experiment:
    """Generators on the training images with every K, as an experiment."""
    data = f"{training.data}(split='train')"
    return Experiment(
        game=f"images(data={data!r}, network={training.network!r}, noise={training.noise}, batch={training.batch})",
        methods=(f"unrolled(steps={list(training.depths)})",),
        steps=training.steps,
        every=max(1, training.steps // 20),
        seeds=training.seeds,
        generator_optimiser=training.optimiser,
        discriminator_optimiser=training.optimiser,
        samples=1000,
    )


def named(_: str, setting: Setting) -> dict[str, Any]:
    """The coordinates of a setting: its label says K."""
    steps = setting.method.arguments["steps"]
    return {"setting": f"K = {steps}", "method": "unrolled", "depth": float(steps)}


def drawn(data: str, number: int) -> Array:
    """The target images of each split, `(split, image, …)`, the same for every generator."""
    return jnp.stack([distinct(as_data(f"{data}(split={split!r})"), jax.random.key(0), number)[0] for split in SPLITS])


DIMS = {
    "error": ("split", "image"),
    "density": ("split", "image"),
    "excess": ("split", "image"),
    "second_error": ("split", "image"),
    "converged": ("split", "image", "restart"),
    "iterations": ("split", "image", "restart"),
    "agreeing": ("split", "image", "restart"),
    "second_converged": ("split", "image", "restart"),
    "frobenius": ("point",),
    "spectral": ("point",),
    "frobenius_found": ("split", "image"),
    "likelihood": ("std", "likely"),
    "effective": ("std", "likely"),
    "reconstructed": ("split", "shown", *PIXELS),
    "made": ("fresh", *PIXELS),
}


def inverted(
    generator: Network, parameters: Parameters, images: Array, key: Key, *, noise: int, search: Search
) -> dict[str, np.ndarray]:
    """The inversions of one generator, and all else that the study asks of it.

    - `error` (split, image): the least mean squared error over z by L-BFGS, all restarts together; `second_error`: by
      Adam. `reconstructed` (split, shown, …): those images, `made` (fresh, …): samples, in uint8.
    - `density` (split, image): log N(z; 0, I) of the z found; `excess`: the same in standard deviations from what
      draws of the prior have, so that generators of different noise compare.
    - `converged`, `iterations`, `agreeing` (split, image, restart): of each search, whether its gradient's norm came
      below the tolerance, its length, and whether it ended within a tenth of the least error; `second_converged`.
    - `frobenius`, `spectral` (point): norms of ∂G/∂z at draws of the prior; `frobenius_found` (split, image) at the z
      found.
    - `likelihood` (std, likely): log p(x) of held-out images in nats by annealed importance sampling, `effective` the
      effective number of its chains.

    **Arguments:** `images`: `(split, image, …)`; the others as of `saddlery.metrics.invert`.
    """
    splits, count, *shape = images.shape
    flat = images.reshape(-1, *shape)
    first, second, draws, chains = jax.random.split(key, 4)
    look = partial(metrics.invert, generator, parameters, flat, noise=noise, restarts=search.restarts)
    found = look(key=first, iterations=search.iterations, tolerance=TOLERANCE)
    other = look(key=second, iterations=search.adam, tolerance=TOLERANCE, optimiser=ADAM)
    by_split = lambda values: np.asarray(values).reshape(splits, count, *np.shape(values)[1:])  # noqa: E731
    prior = jax.random.normal(draws, (search.points, noise))
    points = jnp.concatenate([prior, jnp.asarray(found.best_z)])
    norms = smoothness(generator, parameters, points)
    makes = metrics.pixels(_made(generator, parameters, points))
    likely = [
        metrics.log_likelihood(
            generator, parameters, images[1, : search.likely], chains, noise=noise, std=std,
            temperatures=search.temperatures, chains=search.chains, leapfrog=5,
        )
        for std in STDS
    ]  # fmt: skip
    typical = -noise * (1 + np.log(2 * np.pi)) / 2
    return {
        "error": by_split(found.best_error),
        "density": by_split(found.log_density),
        "excess": by_split((found.log_density - typical) / np.sqrt(noise / 2)),
        "second_error": by_split(other.best_error),
        "converged": by_split(found.converged),
        "iterations": by_split(found.iterations),
        "agreeing": by_split(found.error <= AGREE * found.best_error[:, None] + TINY),
        "second_converged": by_split(other.converged),
        "frobenius": np.asarray(norms.frobenius[: search.points]),
        "spectral": np.asarray(norms.spectral[: search.points]),
        "frobenius_found": by_split(norms.frobenius[search.points :]),
        "likelihood": np.stack([each.value for each in likely]),
        "effective": np.stack([each.effective for each in likely]),
        "reconstructed": by_split(makes[search.points :])[:, :SHOWN],
        "made": np.asarray(makes[:SHOWN]),
    }


@eqx.filter_jit
def _made(generator, parameters, z):
    return generator.apply(parameters, z)


def smoothness(generator: Network, parameters: Parameters, z: Array) -> metrics.JacobianNorms:
    """The norms of the Jacobian ∂G/∂z, exactly where the noise is small, otherwise by products."""
    probes = None if z.shape[1] <= EXACT else 30
    return metrics.jacobian_norms(generator, parameters, z, jax.random.key(0), probes)


def identity_likelihood(images: Array, std: float) -> np.ndarray:
    """The log-likelihood of images under the identity in closed form, log N(x; 0, (1 + σ²) I), in nats."""
    flat = np.asarray(images, float).reshape(len(images), -1)
    variance = 1 + std**2
    return -((flat**2).sum(1) / variance + flat.shape[1] * np.log(2 * np.pi * variance)) / 2
