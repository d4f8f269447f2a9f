"""Findings of the study `numerics-ring`."""

from typing import Any

import numpy as np
import xarray as xr

from saddlery.analysis.intervals import ci_text, interval
from saddlery.analysis.numbers import exact, number, percent
from saddlery.report.finding import Finding
from saddlery.report.words import findings as trained

LARGE = 0.01  # of the largest magnitude, from which an eigenvalue counts as large
UNTESTED = "medians over seeds, without an interval"
SOME = 0.01  # a share of all eigenvalues, from which there are some
KINDS = ("zero", "imaginary", "large_turning", "positive", "growing", "carried_turning")  # of shares that are told
PANELS = {"random": "Along random directions", "v": "Along v itself"}


def judged(dataset: xr.Dataset) -> xr.Dataset:
    """Measures of the spectrum of each setting, seed, moment and field, NaN where there are none.

    - `zero`, `imaginary`, `positive`, `negative`: shares of all eigenvalues, real parts to within the tolerance;
      `imaginary` are those with a real part of zero and an imaginary part that is not.
    - `largest`: the largest magnitude. `large`: how many eigenvalues have at least a hundredth of it;
      `large_turning`: the share of these whose imaginary part is larger than the real part.
    - `growing`, `carried_turning`: of the modes that carry the field, the shares by weight of those whose real part is
      positive, and of those whose imaginary part is larger than the real part.
    """
    real, imaginary, tolerance = dataset["eigenvalues_real"], dataset["eigenvalues_imaginary"], dataset["tolerance"]
    there = real.notnull().all("eigenvalue")
    share = lambda which: which.mean("eigenvalue").where(there)  # noqa: E731
    flat, magnitude = np.abs(real) <= tolerance, xr.apply_ufunc(np.hypot, real, imaginary)
    large = magnitude >= LARGE * magnitude.max("eigenvalue")
    turning = np.abs(imaginary) > np.abs(real)
    weight = dataset["mode_weight"].where(dataset["part"] < dataset["carrying"])
    of_weight = lambda which: weight.where(which, 0).sum("part") / weight.sum("part")  # noqa: E731
    return xr.Dataset(
        {
            "zero": share(flat),
            "imaginary": share(flat & (np.abs(imaginary) > tolerance)),
            "positive": share(real > tolerance),
            "negative": share(real < -tolerance),
            "largest": magnitude.max("eigenvalue"),
            "large": large.sum("eigenvalue").where(there),
            "large_turning": ((large & turning).sum("eigenvalue") / large.sum("eigenvalue")).where(there),
            "growing": of_weight(dataset["mode_real"] > tolerance),
            "carried_turning": of_weight(np.abs(dataset["mode_imaginary"]) > np.abs(dataset["mode_real"])),
        }
    )


def findings(dataset: xr.Dataset) -> list[Finding]:
    """The findings in words, computed from the data: the reviewer's question first, then how training went."""
    medians = judged(dataset).median("seed")
    v = medians.sel(field="v")
    start, end, other = v.isel(moment=0), v.isel(moment=-1), medians.sel(field="consensus").isel(moment=-1)
    names = [str(name) for name in dataset["setting"].values]

    def at_end(name: str, text: Any, at: xr.Dataset = end) -> str:
        return ", ".join(f"{text(float(at[name].sel(setting=each)))} under {each}" for each in names)

    numbers = {"start": [float(start[name].isel(setting=0)) for name in KINDS], "end": [end[name] for name in KINDS]}
    common = f"{percent(float(start['zero'].isel(setting=0)))} of the eigenvalues of v′ before training"
    some = float(end["zero"].max()) >= SOME
    turning = bool((end["imaginary"] > 0.1 * end["zero"]).any())
    answer = "Yes" if some else "Hardly"
    text = f"{answer}: {common}, and after it {at_end('zero', percent)} have a real part of zero (to within ε √n ‖v′‖)"
    still = f"with an imaginary part that is not zero there are {at_end('imaginary', percent)} ({UNTESTED})."
    if some and not turning:
        zeros = f"{text}. But nearly all of them are zero altogether, directions in which nothing happens: {still}"
    else:
        zeros = f"{text}; {still}"
    large = (
        f"Of the eigenvalues of at least {percent(LARGE)} of the largest magnitude, those whose imaginary part is the "
        f"larger one are {percent(float(start['large_turning'].isel(setting=0)))} before training and "
        f"{at_end('large_turning', percent)} after it ({UNTESTED})."
    )
    positive = (
        f"{percent(float(start['positive'].isel(setting=0)))} of the eigenvalues of v′ have one before training, and "
        f"{at_end('positive', percent)} after it; of those of v′ − γ v′ᵀ v′ "
        f"{at_end('positive', percent, other)} ({UNTESTED})."
    )
    norm = dataset["field_norm"].sel(field="v").median("seed")
    field = (
        f"‖v‖ was {number(float(norm.isel(setting=0, moment=0)))} before training and is "
        + ", ".join(f"{number(float(norm.sel(setting=each).isel(moment=-1)))} under {each}" for each in names)
        + f" after it ({UNTESTED}; v averaged over the same batches). {shorter(dataset)}"
    )
    ratio = interval(_ratio(dataset), "geometric mean")
    norms = {"before": norm.isel(setting=0, moment=0), "after": norm.isel(moment=-1), "ratio": ratio}
    few = dataset["carrying"].sel(field="v").isel(moment=-1).median("seed")
    carried = "; ".join(
        f"under {each} {number(float(few.sel(setting=each)))} modes leave a tenth of v, by weight "
        f"{percent(float(end['growing'].sel(setting=each)))} of them growing and "
        f"{percent(float(end['carried_turning'].sel(setting=each)))} turning more than they grow or decay"
        for each in names
    )
    return [
        Finding("Zero real parts", zeros, "plain", numbers),
        Finding("Large imaginary parts", large, "plain", numbers | {"large": LARGE}),
        Finding("Positive real parts", positive, "plain", numbers | {"of the other": other["positive"]}),
        Finding("Modes that carry v", f"After training, {carried} ({UNTESTED}).", "plain", numbers | {"modes": few}),
        at_kinks(dataset),
        Finding("Norm of the field", field, "plain", norms),
        *trained(dataset),
    ]


def _ratio(dataset: xr.Dataset) -> np.ndarray:
    """The ratio of the last setting's ‖v‖ to the first's at the end, `(seed,)`."""
    norm = dataset["field_norm"].sel(field="v").isel(moment=-1)
    return norm.isel(setting=-1).values / norm.isel(setting=0).values


def shorter(dataset: xr.Dataset) -> str:
    """Whether the last setting's ‖v‖ at the end is shorter than the first's, seed by seed, by its ratio's interval."""
    ratio = _ratio(dataset)
    found = interval(ratio, "geometric mean")
    first, last = (str(dataset["setting"].values[i]) for i in (0, -1))
    said = "shorter" if found.high < 1 else "longer" if found.low > 1 else "not told apart"
    than = f"than under {first}" if said != "not told apart" else f"from that under {first}"
    return f"Under {last} it is {said} {than}, ratio {ci_text(ratio, of='geometric mean')}."


def at_kinks(dataset: xr.Dataset) -> Finding:
    """The finding on the curvature in the Jacobian, before and after training, and without kinks."""
    near = dataset["h"].values[0]
    relu = {along: seen(dataset, "relu", along).sel(h=near) for along in PANELS}

    def told(along: str, instant: int, i: int) -> str:
        here = relu[along].isel(instant=instant, setting=i)
        middle, least, most = (percent(float(here[name])) for name in ("middle", "least", "most"))
        return f"{middle} ({least} to {most})"

    def after(along: str) -> str:
        names = dataset["setting"].values
        return ", ".join(f"{told(along, -1, i)} under {name}" for i, name in enumerate(names))

    missed = dataset["missed"].sel(network="tanh", h=near).values[..., :-1]
    middle, most = float(np.nanmedian(missed)), float(np.nanmax(missed))
    text = (
        f"Along random directions the Jacobian by automatic differentiation holds {told('random', 0, 0)} of the "
        f"curvature that finite differences of v over {exact(near)} find before training, and {after('random')} after "
        f"it; along v itself {after('v')} (medians over seeds, in brackets the least and the greatest). The second "
        "derivative of relu is zero almost everywhere, so that what its kinks add is lost. With tanh in its place, "
        f"trained the same way, the two differ by {number(middle)} of it along random directions, at most "
        f"{number(most)}."
    )
    shares = {f"seen along {along}": each.isel(instant=[0, -1]).to_array().values for along, each in relu.items()}
    return Finding("Curvature lost at kinks", text, "plain", shares | {"h": near, "missed": [middle, most]})


def seen(dataset: xr.Dataset, network: str, along: str) -> xr.Dataset:
    """The share of curvature seen over seeds, `middle`, `least`, `most` (setting, instant, h), `along` "random" or "v".

    Of a seed's random directions it is the median.
    """
    of = dataset["seen"].sel(network=network)
    here = [name for name in of["direction"].values if name.startswith(along)]
    of = of.sel(direction=here).median("direction")
    return xr.Dataset({"middle": of.median("seed"), "least": of.min("seed"), "most": of.max("seed")})
