"""GANs on data in the plane: rings and grids of Gaussians, and two moons."""

from typing import Any

from saddlery.data import Mixture, Moons, grid_centres, ring_centres
from saddlery.errors import InvalidValue
from saddlery.games.gan import Gan
from saddlery.losses import LossLike, PenaltyLike
from saddlery.networks import MLP
from saddlery.networks.network import width_of
from saddlery.networks.spectral_norm import spectrally_normalised
from saddlery.optimisers import PUBLISHED
from saddlery.text.arguments import whole
from saddlery.text.names import nearest
from saddlery.text.provenance import with_call

PRESETS: dict[str, dict[str, Any]] = {
    "unrolled": {
        "radius": 1.0, "std": 0.01, "balanced": False, "loss": "minimax", "noise": 256,
        "generator": {"widths": (128, 128), "activation": "tanh", "gain": 1.4},
        "discriminator": {"widths": (128, 128), "activation": "tanh", "gain": 1.4},
    },
    "unrolled-paper": {
        "radius": 2.0, "std": 0.02, "balanced": False, "loss": "minimax", "noise": 256,
        "generator": {"widths": (128, 128), "activation": "relu", "gain": 0.8},
        "discriminator": {"widths": (128,), "activation": "relu", "gain": 0.8, "scale": 0.25},
    },
    "numerics": {
        "radius": 1.0, "std": 0.01, "balanced": True, "loss": "nonsaturating", "noise": 16,
        "generator": {"widths": (16,) * 4, "activation": "relu", "initialisation": "glorot"},
        "discriminator": {"widths": (16,) * 4, "activation": "relu", "initialisation": "glorot"},
    },
}  # fmt: skip


@with_call()
def ring(
    preset: str = "unrolled",
    *,
    modes: int = 8,
    radius: float | None = None,
    std: float | None = None,
    loss: LossLike | None = None,
    penalty: PenaltyLike = None,
    noise: int | None = None,
    width: int | None = None,
    batch: int = 512,
    spectral: int = 0,
) -> Gan:
    """A GAN on a ring of equally weighted Gaussians, a common test of cycling and of dropped modes.

    | preset | setting | networks | loss |
    |---|---|---|---|
    | `"unrolled"` | Metz et al. (2017), released code: radius 1, std 0.01, noise 256 | both 2×128 tanh, gain 1.4 | minimax |
    | `"unrolled-paper"` | the same paper's text: radius 2, std 0.02, noise 256 | 2×128 relu; 128 relu on x/4; gain 0.8 | minimax |
    | `"numerics"` | Mescheder et al. (2017): radius 1, std 0.01, noise 16, equal counts | both 4×16 relu | nonsaturating |

    The released code of the first spaces 8 modes over the closed circle, so that two of them coincide; here all 8 are
    distinct. A preset's `default_optimisers` are its paper's, `saddlery.optimisers.PUBLISHED[preset]`.

        >>> game = ring("numerics", modes=8, radius=2.0)
        >>> game.data.centres[0].tolist(), game.generator.widths
        ([2.0, 0.0], (16, 16, 16, 16))

    **Arguments:** `modes`, `radius`, `std` of the data, `loss` and `penalty` (see `Gan`), the dimension of the `noise`,
    the `width` of the hidden layers of both networks, and the `batch`; where `None`, the preset's. `spectral`:
    iterations of the discriminator's spectral normalisation, 0 for none.

    **Raises:** `ValueError` for an unknown preset or loss, and for numbers out of range.
    """  # noqa: E501
    chosen = _preset(preset)
    centres = ring_centres(modes, chosen["radius"] if radius is None else radius)
    data = Mixture(centres, chosen["std"] if std is None else std, chosen["balanced"])
    return _gan(preset, data, loss, penalty, noise, width, batch, spectral)


@with_call()
def grid(
    side: int = 5,
    *,
    preset: str = "unrolled",
    spacing: float = 1.0,
    std: float = 0.05,
    loss: LossLike | None = None,
    penalty: PenaltyLike = None,
    noise: int | None = None,
    width: int | None = None,
    batch: int = 512,
    spectral: int = 0,
) -> Gan:
    """A GAN on a grid of Gaussians, `side` × `side`, centred on the origin, with the networks of a ring's preset.

    `side=5` is the 25 modes of the mode-collapse literature, `side=4` the 16 used for symplectic gradient adjustment
    (Balduzzi et al., 2018). `spacing` and `std` are the distance between neighbours and the deviation of each mode, the
    other arguments those of `ring`.

        >>> len(grid(side=5).data.centres)
        25

    **Raises:** as `ring`.
    """
    balanced = _preset(preset)["balanced"]
    data = Mixture(grid_centres(side, spacing), std, balanced)
    return _gan(preset, data, loss, penalty, noise, width, batch, spectral)


@with_call()
def moons(
    preset: str = "numerics",
    *,
    std: float = 0.05,
    loss: LossLike | None = None,
    penalty: PenaltyLike = None,
    noise: int | None = None,
    width: int | None = None,
    batch: int = 512,
    spectral: int = 0,
) -> Gan:
    """A GAN on two interleaved half circles, a continuum in the plane, with the networks of a ring's preset.

    `std` is the deviation of the noise around them, the other arguments are those of `ring`.

        >>> game = moons(width=64)
        >>> game.generator.widths, float(game.data.std)
        ((64, 64, 64, 64), 0.05000000074505806)

    **Raises:** as `ring`.
    """
    return _gan(preset, Moons(std), loss, penalty, noise, width, batch, spectral)


def _preset(preset):
    """The settings of a preset; of an unknown one the error that names the nearest."""
    if preset not in PRESETS:
        raise InvalidValue(nearest("preset", preset, PRESETS))
    return PRESETS[preset]


def _gan(preset, data, loss, penalty, noise, width, batch, spectral):
    """The GAN of a preset on given data."""
    chosen = _preset(preset)
    noise = whole("noise", chosen["noise"] if noise is None else noise)
    networks = [chosen["generator"], chosen["discriminator"]]
    if width is not None:
        width = width_of("width")(width)
        networks = [each | {"widths": (width,) * len(each["widths"])} for each in networks]
    return Gan(
        MLP(noise, 2, **networks[0]),
        spectrally_normalised(MLP(2, 1, **networks[1]), spectral),
        data,
        loss=chosen["loss"] if loss is None else loss,
        penalty=penalty,
        noise=noise,
        batch=batch,
        default_optimisers=PUBLISHED[preset],
    )
