"""The page of the study `divergences`."""

import xarray as xr

from saddlery.report.sections import Content
from saddlery.studies import crossed


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    return crossed.content(dataset, crossed.best(dataset), "loss", "losses")
