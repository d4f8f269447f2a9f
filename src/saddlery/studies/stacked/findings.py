"""Findings of the study `stacked`."""

import xarray as xr

from saddlery.analysis import facts
from saddlery.analysis.intervals import ci_text, interval, spread
from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.finding import Finding
from saddlery.report.tables import diverged
from saddlery.studies.depth_figures import depths_of, unrolled
from saddlery.studies.depths import SIZES
from saddlery.studies.stacked.experiment import FRACTIONS, PUBLISHED, RECORDED

REFUTED = 0.01  # a p-value below which equal probabilities are refuted


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
    baseline = dataset.sel(setting="relativistic R1+R2")
    text = (
        f"{ci_text(baseline['found'], number)} modes, KL {ci_text(baseline['model_kl'])}, digits of which the "
        f"classifier is sure {ci_text(baseline['sure'], percent)}."
    )
    numbers = {name: spread(baseline[name]) for name in ("found", "model_kl", "sure")}
    out.append(Finding("Relativistic, R1 and R2", text, "plain", numbers))
    most = dataset["modes"].max("step")
    parts = ", ".join(f"{name} {ci_text(most.sel(setting=name))}" for name in names)
    text = f"Most modes at any record, among {RECORDED:,} samples: {parts}."
    out.append(Finding("Along training", text, "plain", {"modes": spread(most), "samples": RECORDED}))
    even = [name for name in names if float(dataset["p"].sel(setting=name).max()) >= REFUTED]
    text = f"Chi-square does not refute equal probabilities (p ≥ {exact(REFUTED)} in some seed) for {', '.join(even)}."
    if not even:
        least = min(names, key=lambda name: interval(dataset["variation"].sel(setting=name))[0])
        text = (
            f"Chi-square refutes equal probabilities under every setting (p < {exact(REFUTED)} in every seed). Total "
            f"variation to them is least under {least}, {ci_text(dataset['variation'].sel(setting=least))}; a perfect "
            f"sampler's is {number(dataset.attrs['perfect_variation'])}."
        )
    numbers = {"p": REFUTED, "variation": spread(dataset["variation"])}
    numbers |= {"perfect sampler": dataset.attrs["perfect_variation"]}
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
    at = unrolled(dataset, fraction)
    parts = [f"K = {d:g}: {ci_text(at['found'].isel(setting=i), number)}" for i, d in enumerate(at["depth"].values)]
    steps = depths_of(dataset)
    known = [PUBLISHED[fraction, depth][0] for depth in steps]
    published = ", ".join(map(exact, known))
    none, most = (interval(at["found"].isel(setting=i)) for i in (0, -1))
    apart = "more" if most[1] > none[2] else "fewer" if most[2] < none[1] else ""
    verdict = (
        f"with K = {steps[-1]} {apart} than without" if apart else f"K = 0 and K = {steps[-1]} do not differ clearly"
    )
    text = f"Modes found, {', '.join(parts)}: {verdict}. Published for MNIST: {published}."
    tone = {"more": "good", "fewer": "bad"}.get(apart, "plain")
    numbers = {"found": spread(at["found"]), "K": steps, "published": known}
    return Finding(f"Unrolling, discriminator {SIZES[fraction]}", text, tone, numbers)
