"""What the package holds of this study: what its alarms were measured at, and the signals of each of its runs."""

import io
import json
from importlib.resources import files
from typing import Any

import numpy as np
import xarray as xr

from saddlery.analysis.signals import SIGNALS
from saddlery.studies.forecast.experiment import NUMBERS, SETTINGS
from saddlery.studies.forecast.trial_scores import CLAIMED, WORTH, helping

RUNS = files("saddlery.studies.forecast") / "runs.npz"
OUTCOMES = ("failure", "failed", "fit", "visible", "diverged_at")
QUALITY = ("shortfall", "covered")
EVERY = 2  # records between those that are held
NOT_KNOWN = np.iinfo(np.uint8).max


def measured_of(results: xr.Dataset) -> bytes:
    """What `saddlery.analysis.forecast` reads: the alarms of the study's results, and what a short trial is worth."""
    about: dict[str, Any] = {name: results.attrs[name] for name in ("command", "scale")}
    held = about | {"runs": results.sizes["run"]} | json.loads(results.attrs["alarms"])
    right = helping(results["short"].isel(trial=0).values, results["full"].mean("trial").values)
    held["trials"] = {
        "steps": int(results.attrs["trial_steps"]), "cases": results.sizes["case"], "gain": CLAIMED, "worth": WORTH,
        "right": [int(right.sum()), len(right)],
    }  # fmt: skip
    return (json.dumps(_rounded(held), indent=1) + "\n").encode()


def _rounded(held: Any) -> Any:
    """Numbers with six digits."""
    if isinstance(held, dict):
        return {name: _rounded(each) for name, each in held.items()}
    return float(f"{held:.6g}") if isinstance(held, float) else held


def runs_of(results: xr.Dataset) -> bytes:
    """Every run of the study's results, in a file: settings, outcomes, and all signals and the quality of samples.

    Of a signal 255 levels between its least and its greatest value of all runs are told apart, and every second record
    is held.
    """
    steps = results["step"].values[::EVERY]
    arrays: dict[str, np.ndarray] = {"step": steps}
    arrays |= {name: results[name].values for name in (*SETTINGS, *NUMBERS, *OUTCOMES)}
    for name in (*SIGNALS, *QUALITY):
        values = results[name].transpose("run", "step").values[:, ::EVERY].astype(float)
        known = np.isfinite(values)
        low, high = (values[known].min(), values[known].max()) if known.any() else (0.0, 1.0)
        level = np.rint((np.where(known, values, low) - low) / ((high - low) or 1.0) * (NOT_KNOWN - 1))
        arrays[name] = np.where(known, level, NOT_KNOWN).astype(np.uint8)
        arrays[f"{name}_range"] = np.array([low, high], np.float32)
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)  # type: ignore[arg-type]
    return content.getvalue()


def runs(content: bytes | None = None) -> xr.Dataset:
    """The runs of the study that the package holds, along `run` and `step`: settings, outcomes, signals, quality.

    **Arguments:** `content`: of a file of `runs_of`, by default the package's.
    """
    with np.load(io.BytesIO(RUNS.read_bytes() if content is None else content), allow_pickle=False) as held:
        arrays = dict(held)
    found: dict[str, Any] = {name: ("run", arrays[name]) for name in (*SETTINGS, *NUMBERS, *OUTCOMES)}
    for name in (*SIGNALS, *QUALITY):
        low, high = arrays[f"{name}_range"].astype(float)
        values = low + (high - low) * arrays[name] / (NOT_KNOWN - 1)
        found[name] = ("run", "step"), np.where(arrays[name] == NOT_KNOWN, np.nan, values)
    return xr.Dataset(found, {"step": arrays["step"]})
