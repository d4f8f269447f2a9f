"""Inversion: the best noise for many images from several starts, beside SciPy's L-BFGS image by image."""

import time

import jax
import jax.numpy as jnp
import numpy as np
from scipy import optimize

import saddlery as sd
from benchmarks.table import Row, ratios
from saddlery.metrics import invert

IMAGES, RESTARTS, ITERATIONS, TOLERANCE = 256, 5, 200, 1e-5
STEPS = 3000  # of training, so that the generator makes digits
ROUNDS, SHARE = 3, 8  # SciPy's rounds measure this many of the images each, all restarts, and are scaled


def rows():
    """Seconds for all searches, and the errors that they end with."""
    game = sd.games.digits()
    run = sd.train(game, sd.methods.simultaneous(), steps=STEPS, key=jax.random.key(0)).only
    generator, images = run.players.generator, np.asarray(game.data.images[:IMAGES])
    starts = np.asarray(jax.random.normal(jax.random.key(1), (IMAGES, RESTARTS, game.noise)))
    invert_all(game, generator, images)  # compiled
    ours, theirs, errors, gaps = [], [], [], []
    for i in range(ROUNDS):
        chosen = slice(i * SHARE, (i + 1) * SHARE)
        began = time.perf_counter()
        found = invert_all(game, generator, images)
        ours.append(time.perf_counter() - began)
        began = time.perf_counter()
        values = one_by_one(game, generator, images[chosen], starts[chosen])
        theirs.append((time.perf_counter() - began) * IMAGES / SHARE)
        errors.append(values.min(1).mean())
        gaps.append(found.best_error[chosen].mean() / errors[-1])
    what = f"{IMAGES} images × {RESTARTS} restarts"
    yield Row("inversion", f"{what}: saddlery", ours, "s")
    yield Row("inversion", f"{what}: SciPy's L-BFGS-B one by one, scaled from {SHARE} images a round", theirs, "s")
    yield Row("inversion", "the best restart's mean squared error: SciPy", errors)
    yield Row("inversion", "the same images' error: saddlery's / SciPy's", [float(np.mean(gaps))], "", 1.02, True)
    yield Row("inversion", f"{what}: times as fast", ratios(theirs, ours), "×", 10.0)


def invert_all(game, generator, images):
    """Saddlery's side: all images from all starts."""
    return invert(
        game.generator,
        generator,
        images,
        jax.random.key(1),
        noise=game.noise,
        restarts=RESTARTS,
        iterations=ITERATIONS,
        tolerance=TOLERANCE,
    )


def one_by_one(game, generator, images, starts):
    """SciPy's side: errors `(images, restarts)`, each by its own call, value and gradient from one compiled program."""

    @jax.jit
    def evaluate(z, image):
        return jax.value_and_grad(lambda z: ((game.generator.apply(generator, z[None])[0] - image) ** 2).mean())(z)

    def search(start, image):
        def function(z):
            value, gradient = evaluate(np.asarray(z, np.float32), image)
            return float(value), np.asarray(gradient, float)

        options = {"maxiter": ITERATIONS, "gtol": TOLERANCE}
        return optimize.minimize(function, start, jac=True, method="L-BFGS-B", options=options).fun

    jax.block_until_ready(evaluate(starts[0, 0], jnp.asarray(images[0])))
    return np.array([[search(z, jnp.asarray(image)) for z in each] for each, image in zip(starts, images, strict=True)])
