"""Inversion of a generator: the noise that makes an image, its error and density, and the course of the search."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, ArrayLike, Bool, Float, Int

from saddlery._system.cores import on_all_cores
from saddlery.errors import InvalidValue
from saddlery.metrics import entry
from saddlery.metrics.search import descend, lbfgs
from saddlery.networks import Network
from saddlery.text.arguments import number, whole
from saddlery.types import Key, Parameters

LANES = {"cpu": 128}  # searches in one program; on the CPU as many as stay in its caches, elsewhere all


class Inversion(NamedTuple):
    """The results of inversion: searches for the noise of each image, several for one image (NumPy arrays).

    - `z`: where each search ended.
    - `error`: the mean squared error there, over pixels and channels of images in [-1, 1].
    - `gradient_norm`: the ℓ² norm of the error's gradient there.
    - `iterations`, `evaluations`: the length of each search, in steps and in errors with their gradients.
    - `converged`: whether `gradient_norm` reached the tolerance. Where few do, a large error may only say that the
      search was hard.
    """

    z: Float[np.ndarray, "images restarts d"]
    error: Float[np.ndarray, "images restarts"]
    gradient_norm: Float[np.ndarray, "images restarts"]
    iterations: Int[np.ndarray, "images restarts"]
    evaluations: Int[np.ndarray, "images restarts"]
    converged: Bool[np.ndarray, "images restarts"]

    @property
    def best_error(self) -> Float[np.ndarray, " images"]:
        """The least error of each image's searches."""
        return self.error.min(1)

    @property
    def best_z(self) -> Float[np.ndarray, "images d"]:
        """The noise z of the least error."""
        return self.z[np.arange(len(self.z)), self.error.argmin(1)]

    @property
    def log_density(self) -> Float[np.ndarray, " images"]:
        """The prior's log-density at each `best_z`, NaN where its error is; see `log_prior`."""
        return np.where(np.isnan(self.best_error), np.nan, log_prior(self.best_z))


def invert(
    generator: Network,
    parameters: Parameters,
    images: Float[Array, "images *shape"],
    key: Key,
    *,
    noise: int,
    restarts: int = 5,
    iterations: int = 200,
    tolerance: float = 1e-5,
    optimiser: optax.GradientTransformation | None = None,
    lanes: int | None = None,
) -> Inversion:
    """Inversion: the best noise z for each image, argmin_z mean (G(z) − x)², by several searches from the prior.

    Metz et al. (2017, unrolled GANs, section 3.4) compare generators by this error. That it is small says only that
    *a* z exists: an overcomplete identity (`saddlery.metrics.Identity`) reaches zero. So look also at `log_density`,
    at held-out images beside training images, at `converged`, at `jacobian_norms`, and at `log_likelihood`.

        >>> from saddlery.metrics import Identity
        >>> found = invert(Identity((2,)), (), jnp.array([[0.5, -0.5]]), jax.random.key(0), noise=2, restarts=1)
        >>> found.best_z.round(3).tolist(), float(found.best_error[0].round(3))
        ([[0.5, -0.5]], 0.0)

    **Arguments:**
    - `generator`, `parameters`: such as `game.generator` and `run.players.generator`.
    - `images`: `(images, …)` in [-1, 1] or uint8, of the generator's shape.
    - `key`: of the starts, z ~ N(0, I).
    - `noise`: the dimension d of z, such as `game.noise`.
    - `restarts`: searches for each image.
    - `iterations`: the most steps of a search.
    - `tolerance`: of the gradient's norm, at which a search has converged.
    - `optimiser`: `None` for L-BFGS (`saddlery.metrics.search.lbfgs`), or any optax optimiser that treats numbers
      apart, such as `optax.adam(0.03)`.
    - `lanes`: how many searches run in one program; on the CPU those programs share its cores.

    **Raises:** `ValueError` when the shapes do not fit, images are not finite or in another range, a number makes no
    sense, or the generator's samples of a batch see each other (as under batch normalisation), so that an image is not
    a function of its own z.
    """
    images = targets_of(images)
    for name, value in (("noise", noise), ("restarts", restarts), ("iterations", iterations)):
        whole(name, value)
    tolerance = number("tolerance", tolerance, least=0)
    check_generator(generator, parameters, noise, images.shape[1:])
    starts = jax.random.normal(key, (len(images), restarts, noise))
    total = len(images) * restarts
    z = starts.reshape(total, noise)
    targets = np.arange(total) // restarts
    lanes = min(LANES.get(jax.default_backend(), total) if lanes is None else whole("lanes", lanes), total)
    # The last chunk is filled up with searches of the first, so that all share one program.
    chunks = [np.arange(first, first + lanes) % total for first in range(0, total, lanes)]

    limits = jnp.asarray(iterations), jnp.asarray(tolerance, float)

    def search(chunk):
        found = _search(generator, parameters, images[targets[chunk]], z[chunk], optimiser, *limits)
        return jax.tree.map(np.asarray, found)

    joined = jax.tree.map(lambda *parts: np.concatenate(parts)[:total], *on_all_cores(search, chunks))
    return Inversion(*(part.reshape(len(images), restarts, *part.shape[1:]) for part in joined))


def log_prior(z: Float[Array | np.ndarray, "*batch d"]) -> Any:
    """The standard normal prior's log-density, log N(z; 0, I) = −½‖z‖² − ½ d log 2π, in nats.

    Draws of the prior itself have −½ d (1 + log 2π) ± √(d/2): z that lie far below are ones that the generator hardly
    ever gets to see.

        >>> round(float(log_prior(np.zeros(2))), 4)  # −log 2π
        -1.8379
    """
    return -((z**2).sum(-1) + z.shape[-1] * np.log(2 * np.pi)) / 2


def targets_of(images: ArrayLike) -> Array:
    """Check target images, or vectors in their place, for searches and chains.

        >>> targets_of(np.full((1, 1, 1, 1), 255, np.uint8)).ravel().tolist()
        [1.0]

    **Raises:** `ValueError` for ones that are not finite, and images in another range than [-1, 1].
    """
    check = entry.images if np.ndim(images) == 4 else entry.samples
    return jnp.asarray(check("images", images), float)


def check_generator(generator: Network, parameters: Parameters, noise: int, shape: tuple[int, ...]) -> None:
    """Raise `ValueError` when images of this shape are no function of one z each under the generator.

    >>> from saddlery.metrics import Identity
    >>> check_generator(Identity((2,)), (), noise=2, shape=(3,))
    Traceback (most recent call last):
    saddlery.errors.InvalidValue: images: got the shape (3,), expected the generator's, (2,)
    """
    if not generator.independent:
        raise InvalidValue(
            "generator: its samples of a batch see each other, as under batch normalisation, so that an image is not "
            "a function of its own z; use a generator with independent=True, such as one without normalisation"
        )
    made = jax.eval_shape(generator.apply, parameters, jax.ShapeDtypeStruct((1, noise), jnp.zeros(()).dtype)).shape[1:]
    if made != tuple(shape):
        raise InvalidValue(f"images: got the shape {tuple(shape)}, expected the generator's, {made}")


@eqx.filter_jit
def _search(generator, parameters, images, z, optimiser, iterations, tolerance):
    def errors(z):
        return ((generator.apply(parameters, z) - images) ** 2).reshape(len(z), -1).mean(1)

    if optimiser is None:
        return lbfgs(errors, z, iterations=iterations, tolerance=tolerance)
    return descend(errors, z, optimiser, iterations=iterations, tolerance=tolerance)
