"""The page of the study `numerics-ring`."""

import xarray as xr

from saddlery.analysis.numbers import number, percent
from saddlery.plots.curves import curves
from saddlery.plots.segment import segment
from saddlery.plots.strip import evolution
from saddlery.plots.style import looks
from saddlery.report.sections import Cell, Content, Row, Section, Table
from saddlery.studies.numerics_ring.figures import FIELDS, distribution, eigenvalues, kinks
from saddlery.studies.numerics_ring.findings import LARGE, judged

SHOWN = ("modes", "high-quality", "generator-norm", "discriminator-norm")  # of the curves along training
COLUMNS = (
    ("Norm of the field", "‖v‖, or of v − γ v′ᵀ v"),
    ("Largest magnitude", "of an eigenvalue"),
    ("Zero real part", "share of all eigenvalues, to within ε √n ‖J‖"),
    ("of these imaginary", "share of all eigenvalues: real part zero, imaginary part not"),
    ("Negative", "share of all eigenvalues"),
    ("Positive", "share of all eigenvalues"),
    ("Large ones", "eigenvalues of at least a hundredth of the largest magnitude"),
    ("Large ones that turn", "share of these whose imaginary part is larger than the real part"),
    ("Rotation", "‖A‖² of ‖S‖² + ‖A‖², the parts of J in Frobenius norms"),
    ("Carrying modes", "how many of the modes that carry the field leave a tenth of it"),
    ("of these growing", "share by weight of those with a positive real part"),
    ("Largest step", "of plain descent that is stable for the carrying modes; 0 when one of them grows"),
)


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    extent = (
        f"Simultaneous gradients against consensus optimisation, {dataset.sizes['seed']} seeds each, "
        f"{dataset.attrs['steps']:,} steps, {dataset.sizes['eigenvalue']:,} parameters, eigenvalues of Jacobians "
        f"averaged over {dataset.attrs['batches']} batches."
    )
    sections = [
        Section(
            "Samples along training",
            "One seed of each method: its median seed, ranked by modes covered and then high-quality share at the last "
            "record (of an even number the worse of the two in the middle).",
            pictures=[evolution(dataset)],
        ),
        Section(
            "Eigenvalues in the part of the plane that the paper shows",
            "All eigenvalues of all seeds, each row the positions that one method went through: both matrices are "
            "taken at the same positions. v′ is the Jacobian of the papers' field v, minus the gradients; v′ − γ v′ᵀ "
            f"v′, γ = {dataset.attrs['gamma']}, is the Jacobian of the field of consensus optimisation at an "
            "equilibrium, and only there.",
            pictures=[eigenvalues(dataset, field, full=False) for field in FIELDS],
        ),
        Section("All eigenvalues", pictures=[eigenvalues(dataset, field, full=True) for field in FIELDS]),
        Section(
            "Share of real and imaginary parts above a threshold",
            "The share above every threshold, the median over seeds. A count of zeros is a count below some threshold: "
            "where the curve is flat, it does not matter which. At the start both methods have the same players.",
            pictures=[distribution(dataset)],
        ),
        *(
            Section(
                f"Measures of the spectrum of {FIELDS[str(field)]}",
                "Medians over the seeds. Shares are of all eigenvalues, but for the large ones (at least "
                f"{percent(LARGE)} of the largest magnitude) and the carrying modes (by weight).",
                table(dataset, str(field)),
            )
            for field in dataset["field"].values
        ),
        Section(
            "Curvature that the Jacobian misses: kinks of ReLU networks",
            "‖v′u‖ by automatic differentiation, as a share of ‖(v(θ + hu) − v(θ − hu)) / 2h‖, u of length 1, v and v′ "
            f"averaged over the same batches; of {dataset.sizes['direction'] - 1} random directions the median. The "
            "gradients of networks of relu jump wherever a unit switches on or off for a sample, which a difference "
            "feels and a derivative does not: every eigenvalue on this page is of the curvature that is left. The same "
            "networks with tanh, trained the same way, have no kinks, which shows how well chosen h is. Line: median "
            "over seeds; band: from the least to the greatest, for the smaller h.",
            pictures=[kinks(dataset)],
        ),
        Section(
            "The field along the segment from start to end",
            "Each line is a seed. Where the end attracts, the cosine is positive before it and changes sign there; "
            "where v turns around the end, it comes close to zero (Berard et al., 2020, whose v is the gradient and "
            "has the other sign).",
            pictures=[segment(dataset)],
        ),
        Section(
            "Curves along training",
            "Thick: median over seeds. Band: the middle half of the seeds. Thin: each seed. ×: last record of a seed "
            "that diverged.",
            pictures=[picture for picture in curves(dataset) if picture.name in SHOWN],
            small_figures=True,
        ),
    ]
    return Content(extent, sections)


def table(dataset: xr.Dataset, field: str) -> Table:
    """The table of medians over the seeds, a row for each setting and moment."""
    numbers = dataset[["field_norm", "rotation", "carrying", "stable_step"]].merge(judged(dataset))
    medians = numbers.sel(field=field).median("seed")
    rows = []
    for i, look in enumerate(looks(dataset)):
        for j, step in enumerate(dataset["moment"].values):
            median = medians.isel(setting=i, moment=j)
            cells = [
                f"{step:,}",
                number(float(median["field_norm"])),
                number(float(median["largest"])),
                *(percent(float(median[name])) for name in ("zero", "imaginary", "negative", "positive")),
                number(float(median["large"])),
                percent(float(median["large_turning"])),
                percent(float(median["rotation"])),
                number(float(median["carrying"])),
                percent(float(median["growing"])),
                number(float(median["stable_step"])),
            ]
            rows.append(Row(look.label, [Cell("–" if "nan" in cell else cell) for cell in cells], look.color))
    return Table([("Method", ""), ("Step", ""), *COLUMNS], rows)
