"""Measures recorded along training: their titles and units, whether more is better, and how they are drawn.

A probe carries the `Measure` of each of its variables, training writes it into the variable's attributes, and pages,
comparisons and tables read it there: what draws a measure need not know it.
"""

from collections.abc import Callable
from typing import NamedTuple

import xarray as xr

from saddlery.analysis.numbers import number, percent

SPANS = ("setting", "seed", "step")  # a measure is a number at each of these
FORMS: dict[str, Callable[[float], str]] = {"number": number, "percent": percent, "count": "{:.3g}".format}


class Measure(NamedTuple):
    """A measure: a number that is recorded along training.

    - `name`: the variable. A perfect sampler's value is the fact `perfect_<name>`.
    - `title`: its name in words. `meaning`: a line that says what it is.
    - `axis`: the label of its axis, with the unit.
    - `better`: `"more"`, `"less"`, or nothing where neither is.
    - `kind`: `"quality"` of samples, `"training"`, `"own"` for what a user records, or `"detail"` for what is recorded
      and not drawn.
    - `form`: how it is written, one of `FORMS`: three digits, percent, or a count.
    - `scale`: of its axis: `"linear"`, `"log"`, `"share"` (0 to 1, in percent) or `"signed"` (linear up to ±10, then
      logarithmic, when it leaves ±30).
    """

    name: str
    title: str
    meaning: str
    axis: str
    better: str = ""
    kind: str = "quality"
    form: str = "number"
    scale: str = "linear"

    @property
    def text(self) -> Callable[[float], str]:
        """The function that writes a value of the measure as text."""
        return FORMS[self.form]

    def attributes(self) -> dict[str, str]:
        """The attributes of the measure's variable: all of the measure but its name."""
        return {key: value for key, value in self._asdict().items() if key != "name"}


LOSS, NORM = "as minimised", "Euclidean norm of the gradient"
TABLE = (
    Measure("modes", "Modes covered", "modes with samples within three standard deviations of their centre",
            "modes covered (count)", "more", form="count"),
    Measure("high_quality", "High-quality share", "samples within three standard deviations of a mode's centre",
            "samples near a mode (%)", "more", form="percent", scale="share"),
    Measure("total_variation", "Total variation",
            "distance of the histogram over modes to the uniform one, from 0 to 1", "total variation (0 to 1)", "less"),
    Measure("kl", "KL divergence",
            "Kullback–Leibler divergence of the histogram over modes to the uniform one, in nats",
            "KL to uniform (nats)", "less"),
    Measure("colour_js", "Colour divergence",
            "Jensen–Shannon divergence of the colours of generated and of real digits, in nats, at most log 2",
            "JS of colours (nats)", "less"),
    Measure("sliced_wasserstein", "Sliced Wasserstein",
            "sliced Wasserstein distance between generated and real samples, in data units", "distance (data units)",
            "less", scale="log"),
    Measure("mmd", "Maximum mean discrepancy",
            "maximum mean discrepancy between generated and real samples, in units of the kernel", "MMD (kernel units)",
            "less", scale="log"),
    Measure("generator_loss", "Generator's loss", LOSS, "loss (as minimised)", kind="training", scale="signed"),
    Measure("discriminator_loss", "Discriminator's loss", LOSS, "loss (as minimised)", kind="training", scale="signed"),
    Measure("generator_norm", "Generator's gradient norm", NORM, "norm (loss per unit)", "less", "training",
            scale="log"),
    Measure("discriminator_norm", "Discriminator's gradient norm", NORM, "norm (loss per unit)", "less", "training",
            scale="log"),
    *(Measure(name, title, meaning, axis, better, "detail") for name, title, meaning, axis, better in (
        ("js", "Jensen–Shannon divergence", "of the histogram over modes and the uniform one, in nats", "JS (nats)",
         "less"),
        ("reverse_kl", "Reverse KL divergence",
         "Kullback–Leibler divergence of the uniform histogram to that over modes, infinite when one is missed",
         "KL from uniform (nats)", "less"),
        ("chi_square", "Chi-square", "statistic of the histogram over modes against equal probabilities", "chi-square",
         "less"),
        ("p_value", "p-value", "probability of a chi-square as large under equal probabilities", "p-value", "more"),
    )),
    # Of samples once they are made, by `saddlery.evaluation`.
    Measure("inception_score", "Inception score",
            "how sure the features' classifier is of samples, and how evenly it finds its classes: 1 to their number",
            "Inception score", "more"),
    Measure("frechet", "Fréchet distance",
            "between Gaussians with the moments of both sets' features (FID where these are Inception's)",
            "distance (features)", "less", scale="log"),
    Measure("kernel_distance", "Kernel distance",
            "squared MMD of both sets' features with a cubic kernel (KID where these are Inception's); 0 on average "
            "for a perfect generator", "squared MMD (kernel units)", "less", scale="log"),
    Measure("precision", "Precision",
            "share of generated samples no farther from a real one than its third neighbour among the real", "share",
            "more"),
    Measure("recall", "Recall",
            "share of real samples no farther from a generated one than its third neighbour among the generated",
            "share", "more"),
    Measure("density", "Density",
            "to how many real samples a generated one is no farther than their fifth neighbour, over five; 1 on "
            "average for a perfect generator", "balls (over those expected)", "more"),
    Measure("coverage", "Coverage",
            "share of real samples with a generated one no farther than their fifth neighbour among the real", "share",
            "more"),
    Measure("pairwise_pixels", "Pairwise distance in pixels",
            "median distance of two samples: short where they repeat themselves", "distance (pixels)"),
    Measure("pairwise_features", "Pairwise distance",
            "median distance of two samples' features: short where they repeat themselves", "distance (features)"),
    Measure("support_size", "Support size",
            "how many different samples there seem to be, by the birthday paradox; pairs count as equal that are "
            "closer than all but one in a thousand real pairs", "samples (count)", "more"),
    Measure("linear_probe", "Linear probe",
            "accuracy of a linear classifier with at most 100 labels on the discriminator's features", "accuracy",
            "more"),
    Measure("inversion_error", "Inversion error",
            "least mean squared error of G(z) over z for real images, their median", "mean squared error", "less",
            scale="log"),
    Measure("inversion_log_density", "Inversion log-density", "of those z under the prior, the median",
            "log-density (nats)", "more"),
    Measure("searches_converged", "Searches converged", "share of the searches for z that ended at a minimum", "share"),
    Measure("generator_jacobian", "Generator's Jacobian",
            "‖∂G/∂z‖, the Frobenius norm at draws of the prior, the median", "norm (pixels per unit)"),
)  # fmt: skip
MEASURES = {measure.name: measure for measure in TABLE}


def measure_of(dataset: xr.Dataset, name: str) -> Measure:
    """The measure of a variable: as its attributes say, else as in `MEASURES`, else by its name alone."""
    held = {key: str(value) for key, value in dataset[name].attrs.items() if key in Measure._fields}
    return (MEASURES.get(name) or by_name(name, name))._replace(**held)


def by_name(name: str, meaning: str, kind: str = "own") -> Measure:
    """A measure of which only the name is known, which becomes its title and its axis."""
    return Measure(name, name.replace("_", " "), meaning, name, kind=kind)


def measured(dataset: xr.Dataset, *kinds: str) -> list[Measure]:
    """The measures that a dataset holds, in the order of `MEASURES`, others last.

    **Arguments:** `kinds`: only these, by default all.
    """
    order = list(MEASURES)
    found = [measure_of(dataset, name) for name in map(str, dataset.data_vars) if is_measure(dataset, name)]
    chosen = [each for each in found if not kinds or each.kind in kinds]
    return sorted(chosen, key=lambda each: (order.index(each.name) if each.name in order else len(order), each.name))


def is_measure(dataset: xr.Dataset, name: str) -> bool:
    """Whether a variable is a measure: a number at each setting, seed and step that is known, or said, to be one."""
    each = dataset[name]
    return {*each.dims} == {*SPANS} and each.dtype.kind in "fiu" and (name in MEASURES or "title" in each.attrs)


def described(name: str, said: Measure | None = None, of: str = "") -> dict[str, str]:
    """The attributes of a recorded number, which describe its measure.

    **Arguments:** `said`: the measure that its probe says it is; without it, the one that is known by its name, or one
    of which only the name is. `of`: whose it is, where that is not the players': it is then a detail.
    """
    found = said or MEASURES.get(name) or by_name(name, "recorded by a probe")
    if of:
        found = found._replace(title=f"{found.title} of {of}", kind="detail")
    return found.attributes()
