"""The outcome of each run of an experiment, from its records alone, by the rules of every verdict."""

import math

import numpy as np
import xarray as xr

from saddlery.analysis import facts as known
from saddlery.analysis.outcome import Outcome, Verdict
from saddlery.analysis.record import Record, facts
from saddlery.analysis.sample_quality import References
from saddlery.analysis.trends import LEAST
from saddlery.analysis.verdict import verdict

DISTANCES = ("sliced_wasserstein", "mmd")


def verdicts(dataset: xr.Dataset) -> list[list[Verdict]]:
    """The verdict on each run of an experiment, a list over seeds for each setting.

    Its second half is the record, the first its history. Quality is by modes where they are counted, else by a distance
    of samples; an untrained generator's value is that of the records at step 0, their median over seeds. Positions are
    not on record, so that what needs them is not told.
    """
    measure = next((name for name in ("modes", *DISTANCES) if name in dataset), "")
    return [
        [_verdict(dataset, setting, seed, measure) for seed in range(dataset.sizes["seed"])]
        for setting in range(dataset.sizes["setting"])
    ]


def outcomes(dataset: xr.Dataset) -> xr.DataArray:
    """The outcome of each run of an experiment, `(setting, seed)`."""
    words = [[str(each.word) for each in row] for row in verdicts(dataset)]
    return xr.DataArray(words, dims=("setting", "seed"), coords={"setting": dataset["setting"].values})


def untrained(dataset: xr.Dataset, name: str) -> np.ndarray:
    """A measure's value at step 0, the median over seeds, `(setting,)`; NaN where it was not recorded there."""
    if int(dataset["step"].values[0]) != 0:
        return np.full(dataset.sizes["setting"], np.nan)
    return dataset[name].astype(float).transpose("setting", "seed", "step").isel(step=0).median("seed").values


def _verdict(dataset: xr.Dataset, setting: int, seed: int, measure: str) -> Verdict:
    """The verdict on one run."""
    diverged_at = int(dataset["diverged_at"].transpose("setting", "seed").values[setting, seed])
    if diverged_at >= 0:
        return verdict(facts(Record(xr.Dataset(coords={"step": [0]}), diverged_at=diverged_at)))
    one = dataset.isel(setting=setting)
    run = one.isel(seed=seed) if "seed" in one.dims else one
    names = [name for name in run.data_vars if run[name].dims == ("step",) and run[name].dtype.kind in "fiu"]
    path = run[names].reset_coords(drop=True)
    if measure and not np.isfinite(path[measure].values[-1]):
        return Verdict(Outcome.UNDECIDED, "it has no last record")
    begun = max(0, min(len(path["step"]) // 2, len(path["step"]) - LEAST))
    history, path = (path.isel(step=slice(0, begun)) if begun > 0 else None), path.isel(step=slice(begun, None))
    if not measure:
        return verdict(facts(Record(path, history)))
    if measure == "modes":
        total = float(known.along(dataset, "modes_total").values[setting])
        perfect = float(known.along(dataset, "perfect_high_quality").values[setting])
        path = path.assign(modes=path["modes"] / total)
        history = None if history is None else history.assign(modes=history["modes"] / total)
        references = References(1.0 if math.isnan(perfect) else perfect, math.nan)
    else:
        perfect = float(known.along(dataset, f"perfect_{measure}").values[setting])
        references = References(perfect, float(untrained(dataset, measure)[setting]))
        if not all(map(math.isfinite, references)):
            return Verdict(Outcome.UNDECIDED, "neither a perfect sampler's value nor an untrained generator's is known")
    return verdict(facts(Record(path, history, measure=measure, references=references)))


def unknown(dataset: xr.Dataset) -> bool:
    """Whether the records say nothing of quality: an experiment on a game without samples."""
    return not any(name in dataset for name in ("modes", *DISTANCES))


def counted(dataset: xr.Dataset) -> dict[Outcome, np.ndarray]:
    """How many seeds of each setting came to each outcome, of the outcomes that there are, in their order."""
    found = outcomes(dataset).values
    counts = {word: (found == str(word)).sum(1) for word in Outcome}
    return {word: each for word, each in counts.items() if each.any()}
