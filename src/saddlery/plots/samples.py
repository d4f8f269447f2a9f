"""Figures of samples of each setting's median seed: at one record, or along training."""

import xarray as xr

from saddlery.analysis.seeds import drawable
from saddlery.errors import InvalidValue
from saddlery.plots import given
from saddlery.plots.images import drawn, evolution_of_images
from saddlery.plots.picture import Picture
from saddlery.plots.strip import evolution

MADE_BY = "saddlery.metrics.probes(game), as probes of train, record them of games that have some"


def samples(of: given.Records, *, setting: str | None = None, step: int | None = -1) -> Picture:
    """Generated samples, a panel for each setting: points of the plane, or images beside real ones.

    Of each setting its median seed at the last record is shown, by modes covered where these were counted.

        >>> import numpy as np
        >>> drawn = np.random.default_rng(0).normal(size=(2, 100, 2))
        >>> dataset = xr.Dataset({"samples": (("step", "sample", "coordinate"), drawn)}, {"step": [0, 10]})
        >>> samples(dataset).alt
        'Samples at step 10; rows: run, seed 0.'

    **Arguments:**
    - `of`: a `Run`, a `Results` or a dataset with the variable `samples`.
    - `setting`: only the settings that are called so, or are of the method that is; by default all.
    - `step`: one that was recorded, −1 for the last; `None` for some from the first to the last.

    **Raises:** `TypeError` for what holds no records; `ValueError` where no samples were kept, where they are neither
    points of the plane nor images, and for a setting or step that is not there.
    """
    dataset = given.experiment("samples", of)
    given.require("samples", dataset, "samples", made_by=MADE_BY)
    dataset = given.settings(dataset, setting)
    at = None if step is None else given.record(dataset, step)
    if "channel" in dataset["samples"].dims:
        return evolution_of_images(dataset) if at is None else drawn(dataset, at)
    if dataset.sizes.get("coordinate") != 2:
        shape = {
            name: size for name, size in dataset["samples"].sizes.items() if name not in ("setting", "seed", "step")
        }
        raise InvalidValue(f"samples: got samples of {shape}, expected images, or points of 2 coordinates")
    return evolution(dataset, at)


def pictures(dataset: xr.Dataset) -> list[Picture]:
    """The figures of samples in a report: along training, and of images also those at the end."""
    kind = drawable(dataset)
    if kind in ("mixture", "points"):
        return [samples(dataset, step=None)]
    return [samples(dataset), samples(dataset, step=None)] if kind == "images" else []
