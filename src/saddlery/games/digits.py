"""A GAN on scikit-learn's handwritten digits, real data without a download."""

import saddlery.data
from saddlery.games.gan import Gan
from saddlery.losses import LossLike, PenaltyLike
from saddlery.networks import MLP
from saddlery.networks.network import width_of
from saddlery.networks.spectral_norm import spectrally_normalised
from saddlery.text.arguments import whole
from saddlery.text.provenance import with_call


@with_call()
def digits(
    *,
    loss: LossLike = "nonsaturating",
    penalty: PenaltyLike = None,
    noise: int = 32,
    batch: int = 128,
    width: int = 128,
    spectral: int = 0,
) -> Gan:
    """A GAN on scikit-learn's 1,797 handwritten digits, 8×8 pixels in [-1, 1], between two multilayer perceptrons.

        >>> game = digits(width=16)
        >>> game.generator.outputs, len(game.data)
        ((8, 8, 1), 1797)

    **Arguments:** `loss` and `penalty` (see `Gan`), the dimension of the `noise`, the `batch`, and the `width` of the
    hidden layers of both networks (generator relu with tanh at the end, discriminator leaky relu);
    `spectral`: iterations of the discriminator's spectral normalisation, 0 for none.

    **Raises:** `ValueError` for what is not known, naming the nearest, and for numbers out of range.
    """
    noise, width = whole("noise", noise), width_of("width")(width)
    return Gan(
        MLP(noise, (8, 8, 1), (width, width), "relu", "tanh", "he"),
        spectrally_normalised(MLP(64, 1, (width, width), "leaky_relu", None, "he"), spectral),
        saddlery.data.digits(),
        loss=loss,
        penalty=penalty,
        noise=noise,
        batch=batch,
    )
