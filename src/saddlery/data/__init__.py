"""Data sets: anything with `draw(key, n)`, pytrees of arrays that are passed to compiled programs."""

from saddlery.data.catalogue import DATA, as_data
from saddlery.data.cifar import cifar10
from saddlery.data.coloured import Coloured, colours
from saddlery.data.digits import digits
from saddlery.data.folder import folder, manifest_of
from saddlery.data.images import Images
from saddlery.data.manifest import Manifest, compare_manifests
from saddlery.data.mnist import mnist
from saddlery.data.moons import Moons
from saddlery.data.origin import Origin, origin_of
from saddlery.data.points import Points
from saddlery.data.shards import Shards, held
from saddlery.data.stacked import Stacked
from saddlery.data.synthetic import Mixture, grid_centres, ring_centres

__all__ = [
    "DATA",
    "Coloured",
    "Images",
    "Manifest",
    "Mixture",
    "Moons",
    "Origin",
    "Points",
    "Shards",
    "Stacked",
    "as_data",
    "cifar10",
    "colours",
    "compare_manifests",
    "digits",
    "folder",
    "grid_centres",
    "held",
    "manifest_of",
    "mnist",
    "origin_of",
    "ring_centres",
]
