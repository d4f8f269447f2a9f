"""GANs on images: any data set, digits stacked in three channels, digits in a random colour."""

from saddlery._system.memory import afford
from saddlery.data import Coloured, Images, Stacked, as_data
from saddlery.data.catalogue import DataLike
from saddlery.data.images import Data, shape_of
from saddlery.errors import InvalidValue
from saddlery.games.gan import Gan
from saddlery.losses import LossLike, PenaltyLike
from saddlery.networks import family
from saddlery.text.arguments import whole
from saddlery.text.provenance import with_call


@with_call()
def images(
    data: DataLike = "digits",
    *,
    size: int | None = None,
    network: str = "dcgan4_nobn_cf",
    loss: LossLike = "nonsaturating",
    penalty: PenaltyLike = None,
    noise: int = 256,
    batch: int = 64,
) -> Gan:
    """A GAN on images of any kind, between two convolutional networks, as in Mescheder et al. (2017).

        >>> images(network="dcgan3(width=4)").generator.filters
        (16, 8, 4)

    **Arguments:**
    - `data`: a name of `saddlery.data.DATA`, such as `"cifar10"` or `"mnist(split='test')"`; the path of images
      (see `saddlery.data.folder`); an array `(n, size, size, channels)` (see `saddlery.data.Images`); or anything with
      `draw(key, n)` that returns such images in [-1, 1].
    - `size`: the side to which images are resized; by default their own, and 32 of files of images.
    - `network`: a family of `saddlery.networks.FAMILIES`, such as `"dcgan4(width=32)"`.
    - `loss`, `penalty`: see `Gan`. `noise`: its dimension; `batch`: its size.

    **Raises:** `ValueError` for what is not known, naming the nearest, images that are not square, and numbers out
    of range; and what reading the images raises.
    """
    drawn = as_data(data, **({} if size is None else {"size": whole("size", size)}))
    if size is not None and isinstance(drawn, Images):
        afford("size: the images resized", 4 * len(drawn) * size**2 * drawn.images.shape[-1])
        drawn = drawn.resized(size)
    return _gan(drawn, network, loss, penalty, noise, batch)


@with_call()
def stacked(
    data: DataLike = "digits",
    *,
    network: str = "stacked",
    loss: LossLike = "nonsaturating",
    penalty: PenaltyLike = None,
    noise: int = 256,
    batch: int = 256,
    balanced: bool = True,
) -> Gan:
    """A GAN on stacked digits (stacked MNIST), one in each channel: 1,000 modes (Metz et al., 2017, section 3.3).

        >>> game = stacked()
        >>> game.data.modes, game.generator.channels
        (1000, 3)

    **Arguments:** `data`: grey digits with labels, by default scikit-learn's of 8×8 pixels; `"mnist"` for MNIST.
    `balanced`: see `saddlery.data.Stacked`; the others as of `images`.

    **Raises:** `ValueError` as `images`, and for data that are no digits.
    """
    return _gan(Stacked(as_data(data), balanced), network, loss, penalty, noise, batch)


@with_call()
def coloured(
    data: DataLike = "digits",
    *,
    network: str = "stacked",
    loss: LossLike = "nonsaturating",
    penalty: PenaltyLike = None,
    noise: int = 256,
    batch: int = 256,
) -> Gan:
    """A GAN on coloured digits, a colour drawn for each: collapse onto a part of a continuum (Metz et al., 2017).

        >>> coloured().generator.channels
        3

    **Arguments:** as of `stacked`.

    **Raises:** `ValueError` as `images`, and for data of several channels.
    """
    return _gan(Coloured(as_data(data)), network, loss, penalty, noise, batch)


def _gan(data: Data, network: str, loss: LossLike, penalty: PenaltyLike, noise: int, batch: int) -> Gan:
    """The game on some images, its networks in their shape."""
    shape = shape_of(data)
    if len(shape) != 3:
        raise InvalidValue(f"data: got samples of shape {shape}, expected images (height, width, channels)")
    height, width, channels = shape
    if height != width:
        raise InvalidValue(f"data: got images of {height}×{width} pixels, expected square ones")
    players = family(network, size=height, channels=channels, noise=noise)
    return Gan(*players, data, loss=loss, penalty=penalty, noise=noise, batch=batch)
