"""Neural networks: functions with parameters, families for images, and adapters for Equinox and Flax modules."""

from saddlery.networks.adapters import as_network, from_equinox, from_functions, from_nnx
from saddlery.networks.convolution import convolution, transposed_convolution
from saddlery.networks.dcgan import DCGANDiscriminator, DCGANGenerator
from saddlery.networks.families import FAMILIES, family
from saddlery.networks.mlp import MLP
from saddlery.networks.network import Network
from saddlery.networks.precision import Precision
from saddlery.networks.random_features import RandomFeatures
from saddlery.networks.recurrent import LSTMGenerator
from saddlery.networks.resnet import ResNetDiscriminator, ResNetGenerator
from saddlery.networks.spectral_norm import SpectralNorm

__all__ = [
    "FAMILIES",
    "MLP",
    "DCGANDiscriminator",
    "DCGANGenerator",
    "LSTMGenerator",
    "Network",
    "Precision",
    "RandomFeatures",
    "ResNetDiscriminator",
    "ResNetGenerator",
    "SpectralNorm",
    "as_network",
    "convolution",
    "family",
    "from_equinox",
    "from_functions",
    "from_nnx",
    "transposed_convolution",
]
