"""Static figures of an experiment's dataset, each as SVG and PNG."""

import xarray as xr

from saddlery.report.figures.curves import curves
from saddlery.report.figures.images import drawn, evolution_of_images
from saddlery.report.figures.strip import evolution
from saddlery.report.seeds import drawable
from saddlery.report.style import Picture

__all__ = ["curves", "pictures"]


def pictures(dataset: xr.Dataset) -> list[Picture]:
    """All pictures of samples that the dataset allows: the evolution, and for images those drawn at the end."""
    kind = drawable(dataset)
    if kind == "mixture":
        return [evolution(dataset)]
    return [drawn(dataset), evolution_of_images(dataset)] if kind == "images" else []
