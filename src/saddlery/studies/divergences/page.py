"""The page of the study of losses."""

import xarray as xr

from saddlery.report.sections import Content
from saddlery.studies import crossed


def content(dataset: xr.Dataset) -> Content:
    """What the page shows."""
    return crossed.content(dataset, crossed.best(dataset), "loss", "losses")
