"""Data: anything with `draw(key, n)`, pytrees of arrays that are passed to compiled programs."""

from saddlery.data.digits import digits
from saddlery.data.images import Images
from saddlery.data.synthetic import Mixture, grid_centres, ring_centres

__all__ = ["Images", "Mixture", "digits", "grid_centres", "ring_centres"]
