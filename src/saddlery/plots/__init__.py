"""Figures of runs, results, spectra and diagnoses, the same as in reports; without JAX."""

from saddlery.plots.atlas import atlas
from saddlery.plots.curves import curves
from saddlery.plots.field import field
from saddlery.plots.path import path
from saddlery.plots.picture import Picture, Pictures
from saddlery.plots.samples import samples
from saddlery.plots.spectrum import spectrum

__all__ = ["Picture", "Pictures", "atlas", "curves", "field", "path", "samples", "spectrum"]
