"""Networks as text: the calls that make them, `MLP(inputs=2, outputs=1, …)`, written and read."""

import dataclasses
from functools import partial
from typing import Any

from saddlery.errors import InvalidValue
from saddlery.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from saddlery.networks.families import family
from saddlery.networks.mlp import MLP
from saddlery.networks.network import Network
from saddlery.networks.precision import Precision
from saddlery.networks.random_features import RandomFeatures
from saddlery.networks.recurrent import LSTMGenerator
from saddlery.networks.resnet import ResNetDiscriminator, ResNetGenerator
from saddlery.networks.spectral_norm import SpectralNorm
from saddlery.text.arguments import quoted
from saddlery.text.call import Call, build, parse
from saddlery.text.names import nearest
from saddlery.text.provenance import call_of
from saddlery.types import Pair

PLAIN = (MLP, DCGANGenerator, DCGANDiscriminator, LSTMGenerator, RandomFeatures, ResNetGenerator,
         ResNetDiscriminator)  # fmt: skip
AROUND = (Precision, SpectralNorm)  # another network, their argument `network`
FAMILY = "family"
NAMES = {kind.__name__: kind for kind in (*PLAIN, *AROUND)}


def written(network: Any) -> str | None:
    """The text of a network: the call that makes it, with all its arguments; `None` when no text makes it.

        >>> from saddlery.networks import MLP
        >>> written(MLP(2, 1, (8,))).partition(", activation")[0]
        'MLP(independent=True, inputs=2, outputs=1, widths=(8,)'

    A network around another holds the text of that one, `Precision(network='MLP(…)', compute='bfloat16')`. One of a
    plugin's family is that family's, `family(text='mine(width=8)', player='generator', size=32, …)`.
    """
    if type(network) not in NAMES.values():
        call = call_of(network)
        return None if call is None or call.name != FAMILY else str(call)
    arguments = {field.name: getattr(network, field.name) for field in dataclasses.fields(network)}
    if type(network) in AROUND:
        arguments["network"] = written(network.network)
        if arguments["network"] is None:
            return None
    return str(Call(type(network).__name__, arguments))


def read(text: str) -> Network:
    """The network of a text: the call is read, nothing is evaluated.

        >>> read("MLP(inputs=2, outputs=1)").widths
        (128, 128)

    **Raises:** `ValueError` for an unknown name or argument, naming the nearest, and for numbers out of range.
    """
    call = parse(text)
    if call.name == FAMILY:
        shape = dict(call.arguments)
        text, player = shape.pop("text", None), shape.pop("player", None)
        if not isinstance(text, str) or player not in Pair._fields:
            raise InvalidValue(f"network: got {quoted(str(call))}, expected family(text=…, player='generator', …)")
        return getattr(family(text, **shape), player)
    if call.name not in NAMES:
        raise InvalidValue(nearest("network", call.name, NAMES))
    kind: Any = NAMES[call.name]
    if kind in AROUND:
        inside = call.arguments.pop("network", None)
        if not isinstance(inside, str):
            raise InvalidValue(f"network: got {quoted(inside)}, expected the text of a network")
        kind = partial(kind, network=read(inside))
    return build("network", str(call), {call.name: kind})
