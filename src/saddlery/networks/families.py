"""Network families for images, by the names they have in the papers: a generator and its discriminator."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

from saddlery.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from saddlery.networks.mlp import MLP
from saddlery.networks.network import LAYERS, WIDTH, Network, width_of
from saddlery.networks.precision import Precision
from saddlery.networks.recurrent import LSTMGenerator
from saddlery.networks.resnet import ResNetDiscriminator, ResNetGenerator
from saddlery.networks.spectral_norm import spectrally_normalised
from saddlery.text.arguments import number, whole
from saddlery.text.call import Call, build
from saddlery.text.provenance import remember
from saddlery.types import Pair


def dcgan(
    *,
    size: int = 32,
    channels: int = 3,
    noise: int = 256,
    width: int = 64,
    fraction: float = 1.0,
    layers: int = 4,
    doubling: bool = True,
    normalised: bool = True,
    hidden: int = 0,
    slope: float = 0.2,
    spectral: int = 0,
    compute: str | None = None,
) -> Pair[Network]:
    """DCGANs as in the released code of Mescheder, Nowozin and Geiger (2017): see `DCGANGenerator`.

        >>> dcgan(width=8, layers=3).generator.filters
        (32, 16, 8)

    **Arguments:**
    - `size`, `channels`: of the images, `(batch, size, size, channels)`.
    - `noise`: the dimension of the generator's input.
    - `width`: filters of the map nearest to the image.
    - `fraction`: the discriminator's widths as a fraction of the generator's.
    - `layers`: convolutions of each network, 5×5 of stride 2.
    - `doubling`: whether the filters double with each layer away from the image; otherwise they are constant.
    - `normalised`: whether layers are batch normalised, but for those at the image and the score.
    - `hidden`: the width of a dense layer at the noise and before the score; 0 for none.
    - `slope`: of the generator's leaky relu; the discriminator's is 0.2.
    - `spectral`: iterations of the discriminator's spectral normalisation; 0 for none.
    - `compute`: the precision of both networks' computations, such as `"bfloat16"`; see `Precision`.

    **Raises:** `ValueError` naming the argument that is out of range.
    """
    layers = whole("layers", layers, most=16, why="each halves the image")
    most = WIDTH >> (layers - 1) if doubling else WIDTH
    width = whole("width", width, most=most, why=f"layers have up to {WIDTH} filters")
    filters = [width * 2 ** (i if doubling else 0) for i in range(layers)]
    generator = DCGANGenerator(
        noise, size, channels, tuple(reversed(filters)), _several(hidden), slope=slope, normalised=normalised,
        independent=not normalised,
    )  # fmt: skip
    discriminator = DCGANDiscriminator(
        size, channels, _part(filters, fraction), _part(_several(hidden), fraction),
        unnormalised=1 if normalised else None, independent=not normalised,
    )  # fmt: skip
    return _finished(generator, discriminator, spectral, compute)


def resnet(
    *,
    size: int = 32,
    channels: int = 3,
    noise: int = 256,
    width: int = 64,
    fraction: float = 1.0,
    branch: float = 1.0,
    small: bool = True,
    spectral: int = 0,
    compute: str | None = None,
) -> Pair[Network]:
    """Residual networks as in the released code of Mescheder, Nowozin and Geiger (2017): see `ResNet`.

        >>> resnet(width=8, fraction=0.5).discriminator.filters
        4

    **Arguments:** as of `dcgan`; `branch` and `small`: the factor of the residual branches, and whether their last
    kernels start near zero. `"resnet"` has the latter, `"resnet_cf"` a factor of 0.1 in its place.
    """
    (filters,) = _part([width_of("width")(width)], fraction)
    generator = ResNetGenerator(size, channels, width, branch, small, noise)
    return _finished(generator, ResNetDiscriminator(size, channels, filters, branch, small), spectral, compute)


def stacked(
    *,
    size: int = 28,
    channels: int = 3,
    noise: int = 256,
    width: int = 8,
    fraction: float = 0.5,
    normalised: bool = True,
    spectral: int = 0,
    compute: str | None = None,
) -> Pair[Network]:
    """The deliberately small networks of stacked digits (Metz, Poole, Pfau, Sohl-Dickstein, 2017, appendix).

    Generator: a dense layer to a map of 8 `width` channels, three 3×3 transposed convolutions of stride 2 to 4, 2 and 1
    `width`, and a convolution of stride 1 to the image, with batch normalisation and relu between. Discriminator: three
    3×3 convolutions of stride 2 to `fraction` times 1, 2 and 4 `width`, batch normalised, leaky relu of slope 0.3.

        >>> stacked(width=2).generator.filters
        (16, 8, 4, 2)

    **Arguments:** as of `dcgan`; the paper's `fraction` is 1/4 or 1/2.
    """
    width = whole("width", width, most=WIDTH // 8, why=f"layers have up to {WIDTH} filters")
    generator = DCGANGenerator(
        noise, size, channels, (8 * width, 4 * width, 2 * width, width), taps=3, slope=0.0, normalised=normalised,
        last=1, independent=not normalised,
    )  # fmt: skip
    discriminator = DCGANDiscriminator(
        size, channels, _part([width, 2 * width, 4 * width], fraction), taps=3, slope=0.3,
        unnormalised=0 if normalised else None, independent=not normalised,
    )  # fmt: skip
    return _finished(generator, discriminator, spectral, compute)


def lstm(
    *,
    size: int = 28,
    channels: int = 1,
    noise: int = 256,
    width: int = 128,
    fraction: float = 0.5,
    layers: int = 3,
    spectral: int = 0,
    compute: str | None = None,
) -> Pair[Network]:
    """An LSTM that writes an image row by row against a convolutional discriminator: see `LSTMGenerator`.

        >>> lstm(width=64).discriminator.filters
        (32, 32, 32)

    **Arguments:** as of `dcgan`; `width` is that of the LSTM, of which `fraction` are the discriminator's filters.
    """
    layers = whole("layers", layers, most=16, why="each halves the image")
    discriminator = DCGANDiscriminator(size, channels, _part([width_of("width")(width)] * layers, fraction))
    return _finished(LSTMGenerator(noise, size, channels, width), discriminator, spectral, compute)


def mlp(
    *,
    size: int = 8,
    channels: int = 1,
    noise: int = 32,
    width: int = 128,
    fraction: float = 1.0,
    layers: int = 2,
    spectral: int = 0,
    compute: str | None = None,
) -> Pair[Network]:
    """Fully connected networks for small images, those of the game `digits`: see `MLP`.

        >>> mlp(size=8, channels=1, width=16).generator.outputs
        (8, 8, 1)

    **Arguments:** as of `dcgan`; `width` and `layers`: of the hidden layers (generator relu with tanh at the end,
    discriminator leaky relu).
    """
    noise, size, channels = whole("noise", noise), whole("size", size), whole("channels", channels)
    layers = whole("layers", layers, most=LAYERS, why="each layer is compiled by itself")
    shape, widths = (size, size, channels), (width_of("width")(width),) * layers
    generator = MLP(noise, shape, widths, "relu", "tanh", "he")
    discriminator = MLP(math.prod(shape), 1, _part(widths, fraction), "leaky_relu", None, "he")
    return _finished(generator, discriminator, spectral, compute)


FAMILIES: dict[str, Callable[..., Pair]] = {
    "conv3": partial(dcgan, layers=3, doubling=False, normalised=False, hidden=512),
    "conv4": partial(dcgan, layers=4, doubling=False, normalised=False, hidden=512),
    "dcgan3": partial(dcgan, layers=3, slope=0.0),
    "dcgan3_nobn": partial(dcgan, layers=3, slope=0.0, normalised=False),
    "dcgan3_nobn_cf": partial(dcgan, layers=3, slope=0.0, normalised=False, doubling=False),
    "dcgan4": dcgan,
    "dcgan4_nobn": partial(dcgan, normalised=False),
    "dcgan4_nobn_cf": partial(dcgan, normalised=False, doubling=False),
    "lstm": lstm,
    "mlp": mlp,
    "resnet": resnet,
    "resnet_cf": partial(resnet, branch=0.1, small=False),
    "stacked": stacked,
}

ABOUT: dict[str, str] = {  # what each is, for lists of them
    "conv3": "Three convolutions of one width and a dense layer of 512 at each end, without batch normalisation.",
    "conv4": "Four convolutions of one width and a dense layer of 512 at each end, without batch normalisation.",
    "dcgan3": "DCGAN of three convolutions, batch normalised, filters doubling away from the image, relu generator.",
    "dcgan3_nobn": "DCGAN of three convolutions without batch normalisation, filters doubling away from the image.",
    "dcgan3_nobn_cf": "DCGAN of three convolutions without batch normalisation and with constant filters.",
    "dcgan4": "DCGAN of four convolutions, batch normalised, filters doubling away from the image, slope 0.2.",
    "dcgan4_nobn": "DCGAN of four convolutions without batch normalisation, filters doubling away from the image.",
    "dcgan4_nobn_cf": "DCGAN of four convolutions without batch normalisation and with constant filters.",
    "lstm": "An LSTM that writes an image row by row, against a convolutional discriminator (Metz et al., 2017).",
    "mlp": "Fully connected networks for small images, those of the game `digits`.",
    "resnet": "Residual networks whose branches start near zero (Mescheder et al., 2017).",
    "resnet_cf": "Residual networks whose branches count a tenth (Mescheder et al., 2017).",
    "stacked": "The deliberately small convolutional networks of stacked digits (Metz et al., 2017, appendix).",
}


def family(text: str, **shape: int) -> Pair[Network]:
    """A network family from text such as `"dcgan4_nobn_cf(width=32, fraction=0.5)"`: generator and discriminator.

        >>> generator, discriminator = family("mlp(width=16, fraction=0.5)", size=8, channels=1, noise=4)
        >>> generator.widths, discriminator.widths
        ((16, 16), (8, 8))

    **Arguments:**
    - `text`: a name of `FAMILIES`, with arguments of its function where they are not to be the default ones.
    - `shape`: what the game says of its images, `size`, `channels` and `noise`, where the text does not.

    **Raises:** `ValueError` for an unknown name or argument, naming the nearest, and for numbers out of range.
    """
    networks = build("network", text, {name: partial(make, **shape) for name, make in FAMILIES.items()})
    for player, network in zip(Pair._fields, networks, strict=True):
        remember(network, Call("family", {"text": text, "player": player, **shape}))
    return networks


def _finished(generator: Network, discriminator: Network, spectral: int, compute: str | None) -> Pair[Network]:
    """Both networks, the discriminator spectrally normalised, in their precision."""
    discriminator = spectrally_normalised(discriminator, spectral)
    if compute is None:
        return Pair(generator, discriminator)
    return Pair(*(Precision(each, compute, independent=each.independent) for each in (generator, discriminator)))


def _part(widths: Any, fraction: float) -> tuple[int, ...]:
    """A fraction of each width, at least one."""
    fraction = number("fraction", fraction, above=0.0)
    return tuple(max(1, round(fraction * width)) for width in widths)


def _several(hidden: int) -> tuple[int, ...]:
    return (hidden,) if width_of("hidden", 0)(hidden) else ()
