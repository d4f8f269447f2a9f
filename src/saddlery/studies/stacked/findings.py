"""Findings of the study `stacked`."""

import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.intervals import interval
from saddlery.analysis.numbers import exact, number, percent
from saddlery.analysis.seeds import recorded
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies.depth_changes import changed
from saddlery.studies.depth_figures import depths_of, unrolled
from saddlery.studies.depths import SIZES
from saddlery.studies.stacked.experiment import FRACTIONS, PUBLISHED, RECORDED

REFUTED = 0.01  # a p-value below which equal probabilities are refuted
LOST = 0.9  # the share of its most modes below which a run is said to have lost some
RELATIVISTIC = "relativistic R1+R2"


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words."""
    found, total = dataset["found"], int(facts.distinct(dataset, "modes_total")[0])
    full = (found >= total).sum("seed").values
    names = [str(name) for name in dataset["setting"].values]
    reached = [f"{name} in {n} of {dataset.sizes['seed']} seeds" for name, n in zip(names, full, strict=True) if n]
    perfect = number(dataset.attrs["perfect_found"])
    text = f"{', '.join(reached) or 'Under no setting'}; a perfect sampler of as many samples finds {perfect}."
    numbers = {"seeds in each": full, "seeds": dataset.sizes["seed"], "perfect sampler": dataset.attrs["perfect_found"]}
    out = [Finding(f"All {total:,} modes", text, "good" if reached else "plain", numbers)]
    for fraction in FRACTIONS:
        out.append(_unrolling(dataset, fraction))
    baseline = dataset.sel(setting=RELATIVISTIC)
    rivals = dataset.sel(setting=[name for name in names if name != RELATIVISTIC])
    ahead = [
        str(name) for name in rivals["setting"].values
        if interval(baseline["found"].values - rivals["found"].sel(setting=name).values, "mean").low > 0
    ]  # fmt: skip
    text = (
        f"It finds more modes than {len(ahead)} of {rivals.sizes['setting']} other settings by Student's interval of "
        f"the mean difference, seed by seed (n = {dataset.sizes['seed']}, each by itself); networks differ too."
    )
    numbers = {"ahead": len(ahead), "others": rivals.sizes["setting"], "n": dataset.sizes["seed"]}
    out.append(Finding("Relativistic, R1 and R2", text, "plain", numbers))
    modes = recorded(dataset, "modes")
    at_end = modes.isel(step=-1)
    lost, runs = int((at_end < LOST * modes.max("step")).sum()), int(at_end.notnull().sum())
    text = (
        f"{lost} of {runs} runs that did not diverge end with less than {percent(LOST)} of the most modes that they "
        f"had at a record, among {RECORDED:,} samples."
    )
    numbers = {"lost": lost, "runs": runs, "share": LOST, "samples": RECORDED}
    out.append(Finding("Along training", text, "plain", numbers))
    even = [name for name in names if float(dataset["p"].sel(setting=name).max()) >= REFUTED]
    text = f"Chi-square does not refute equal probabilities (p ≥ {exact(REFUTED)} in some seed) for {', '.join(even)}."
    if not even:
        text = (
            f"Chi-square refutes equal probabilities under every setting (p < {exact(REFUTED)} in every seed, each by "
            f"itself). A perfect sampler's total variation to them is {number(dataset.attrs['perfect_variation'])}."
        )
    numbers = {"p": REFUTED, "perfect sampler": dataset.attrs["perfect_variation"]}
    out.append(Finding("With equal probability?", text, "good" if even else "plain", numbers))
    untrained = dataset.sel(control="untrained generator")
    text = (
        f"In an untrained generator's images the classifier finds {number(float(untrained['control_found']))} of the "
        f"{total:,} modes, and is sure of {percent(float(untrained['control_sure']))} of their digits; of real ones it "
        f"is sure of {percent(float(dataset['control_sure'].sel(control='real images')))}."
    )
    numbers = {"modes": total, "found": untrained["control_found"], "sure": dataset["control_sure"]}
    return [*out, Finding("What a mode is worth", text, "plain", numbers), *diverged(dataset)]


def _unrolling(dataset: xr.Dataset, fraction: float) -> Finding:
    """What unrolling changes for one size of discriminator."""
    change, steps = changed(unrolled(dataset, fraction), "found"), depths_of(dataset)
    known = [PUBLISHED[fraction, steps[i]][0] for i in (0, -1)]
    text = (
        f"Modes found: {change.sentence('more', 'fewer')}. Published for MNIST, without an interval: {exact(known[0])} "
        f"and {exact(known[1])} with K = {steps[0]} and {steps[-1]}."
    )
    tone = {1: "good", 0: "plain", -1: "bad"}[change.sign]
    numbers = {"change": change.found, "n": change.seeds, "published": known, "K": steps}
    return Finding(f"Unrolling, discriminator {SIZES[fraction]}", text, tone, numbers)
