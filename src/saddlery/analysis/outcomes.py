"""The outcome of each run of an experiment, from its records alone, by the rules of every verdict."""

import math

import numpy as np
import xarray as xr

from saddlery.analysis import facts as known
from saddlery.analysis.outcome import Facts, Outcome, Verdict
from saddlery.analysis.record import Record, facts
from saddlery.analysis.sample_quality import References
from saddlery.analysis.seeds import drawable
from saddlery.analysis.trends import LEAST
from saddlery.analysis.verdict import verdict

DISTANCES = ("sliced_wasserstein", "mmd")


def verdicts(dataset: xr.Dataset) -> list[list[Verdict]]:
    """The verdict on each run of an experiment, a list over seeds for each setting.

    Its second half is the record, the first its history. Quality is by modes where they are counted, else by a distance
    of samples; an untrained generator's value is that of the records at step 0, their median over seeds. Positions are
    not on record, so that what needs them is not told. Samples in the plane are measured as a trial run measures them.
    """
    measure = next((name for name in ("modes", *DISTANCES) if name in dataset), "")
    lost, steps = dataset["diverged_at"].transpose("setting", "seed").values, dataset["step"].values
    spans = {"setting", "seed", "step"}
    series = {
        str(name): each.transpose("setting", "seed", "step").values
        for name, each in dataset.data_vars.items()
        if set(each.dims) == spans and each.dtype.kind in "fiu"
    }
    if measure == "modes":
        series["modes"] = series["modes"] / known.along(dataset, "modes_total").values[:, None, None]
    held = _references(dataset, measure)
    return [
        [
            _verdict(
                {name: each[i, j] for name, each in series.items()} | {name: each[j] for name, each in drawn.items()},
                steps, lost[i, j], measure, to,
            )
            for j in range(dataset.sizes["seed"])
        ]
        for i, to in enumerate(held)
        for drawn in [_drawn(dataset, i)]
    ]  # fmt: skip


def _drawn(dataset: xr.Dataset, setting: int) -> dict[str, np.ndarray]:
    """Of the samples of a mixture in the plane `scale` and `spread` (seed, step) and `counts` (seed, step, mode)."""
    if drawable(dataset) != "mixture" or not known.has(dataset, "mode_std"):
        return {}
    centres, std = known.of(dataset, "centres", setting), known.along(dataset, "mode_std").values[setting]
    centres = centres[np.isfinite(centres).all(-1)]
    samples = dataset["samples"].isel(setting=setting).transpose("seed", "step", "sample", "coordinate").values
    middle = centres.mean(0)
    width = math.sqrt(((centres - middle) ** 2).sum(1).mean() + centres.shape[1] * std**2)
    around = {"scale": middle, "spread": samples.mean(-2, keepdims=True)}
    sizes = {name: np.sqrt(((samples - at) ** 2).sum(-1).mean(-1)) / width for name, at in around.items()}
    return sizes | {"counts": near_modes(samples, centres, std)}


def near_modes(samples: np.ndarray, centres: np.ndarray, std: float) -> np.ndarray:
    """How many samples lie within three standard deviations of each mode, `(…, mode)` of `(…, sample, coordinate)`.

    >>> near_modes(np.array([[0.0, 0.2], [1.0, 0.0], [5.0, 0.0]]), np.array([[0.0, 0.0], [1.0, 0.0]]), 0.1).tolist()
    [1, 1]
    """
    return np.stack([(np.linalg.norm(samples - each, axis=-1) < 3 * std).sum(-1) for each in centres], -1)


def outcomes(dataset: xr.Dataset) -> xr.DataArray:
    """The outcome of each run of an experiment, `(setting, seed)`."""
    words = [[str(each.word) for each in row] for row in verdicts(dataset)]
    return xr.DataArray(words, dims=("setting", "seed"), coords={"setting": dataset["setting"].values})


def untrained(dataset: xr.Dataset, name: str) -> np.ndarray:
    """A measure's value at step 0, the median over seeds, `(setting,)`; NaN where it was not recorded there."""
    if int(dataset["step"].values[0]) != 0:
        return np.full(dataset.sizes["setting"], np.nan)
    return dataset[name].astype(float).transpose("setting", "seed", "step").isel(step=0).median("seed").values


def _references(dataset: xr.Dataset, measure: str) -> list[References]:
    """The reference values of a measure, those of each setting."""
    if not measure:
        return [References(math.nan, math.nan)] * dataset.sizes["setting"]
    if measure == "modes":
        near = known.along(dataset, "perfect_high_quality").values
        return [References(1.0 if math.isnan(each) else float(each), math.nan) for each in near]
    pairs = zip(known.along(dataset, f"perfect_{measure}").values, untrained(dataset, measure), strict=True)
    return [References(float(perfect), float(begun)) for perfect, begun in pairs]


def _verdict(
    series: dict[str, np.ndarray], steps: np.ndarray, diverged_at: int, measure: str, references: References
) -> Verdict:
    """The verdict on one run, of what was recorded of it along its steps."""
    if diverged_at >= 0:
        return verdict(Facts(diverged_at=int(diverged_at)))
    if measure and not np.isfinite(series[measure][-1]):
        return Verdict(Outcome.UNDECIDED, "it has no last record")
    if measure in DISTANCES and not all(map(math.isfinite, references)):
        return Verdict(Outcome.UNDECIDED, "neither a perfect sampler's value nor an untrained generator's is known")
    begun = max(0, min(len(steps) // 2, len(steps) - LEAST))
    dims = {"counts": ("step", "mode")}
    run = xr.Dataset({name: (dims.get(name, "step"), each) for name, each in series.items()}, {"step": steps})
    history = run.isel(step=slice(0, begun)) if begun > 0 else None
    record = Record(run.isel(step=slice(begun, None)), history, measure=measure, references=references)
    return verdict(facts(record))


def unknown(dataset: xr.Dataset) -> bool:
    """Whether the records say nothing of quality: an experiment on a game without samples."""
    return not any(name in dataset for name in ("modes", *DISTANCES))


def counted(dataset: xr.Dataset) -> dict[Outcome, np.ndarray]:
    """How many seeds of each setting came to each outcome, of the outcomes that there are, in their order."""
    found = outcomes(dataset).values
    counts = {word: (found == str(word)).sum(1) for word in Outcome}
    return {word: each for word, each in counts.items() if each.any()}
