"""Results made up, of the studies that sweep K."""

import numpy as np
import pytest
import xarray as xr

DEPTHS, FRACTIONS = (0, 1, 5, 10), (0.25, 0.5)


def frame(settings, seeds=3, channels=3):
    """What all studies' datasets have, its samples as bright as their seed's number."""
    n = len(settings)
    samples = (
        np.zeros((n, seeds, 2, 4, 8, 8, channels), np.uint8) + 10 * np.arange(seeds)[:, None, None, None, None, None]
    )
    return xr.Dataset(
        {
            "samples": (("setting", "seed", "step", "sample", "y", "x", "channel"), samples.astype(np.uint8)),
            "real": (("sample", "y", "x", "channel"), np.zeros((4, 8, 8, channels), np.uint8)),
            "diverged_at": (("setting", "seed"), np.full((n, seeds), -1)),
        },
        {"setting": settings, "seed": range(seeds), "step": [0, 100]},
        {
            "title": "A <study>", "note": "Made up.", "command": "saddlery study x", "steps": 100, "modes_total": 1000,
            "samples_found": 26000, "accuracy": 0.98,
        },
    )  # fmt: skip


def unrolled(baseline=False):
    """The coordinates of a study of all depths and sizes."""
    names = [f"K = {d}, D {'¼' if f == 0.25 else '½'}" for f in FRACTIONS for d in DEPTHS]
    depth, fraction = [float(d) for _ in FRACTIONS for d in DEPTHS], [f for f in FRACTIONS for _ in DEPTHS]
    method = ["unrolled" if d else "simultaneous" for d in depth]
    if baseline:
        names, depth = [*names, "relativistic R1+R2"], [*depth, np.nan]
        fraction, method = [*fraction, 1.0], [*method, "relativistic"]
    return frame(names).assign_coords(
        {name: ("setting", value) for name, value in (("depth", depth), ("fraction", fraction), ("method", method))}
    )


def spread(middle):
    """Three seeds around each middle."""
    return ("setting", "seed"), np.array(middle, float)[:, None] * np.array([0.9, 1.0, 1.2])


@pytest.fixture(scope="session")
def made_up():
    """What makes them: `frame`, `unrolled` and `spread`."""
    return frame, unrolled, spread
