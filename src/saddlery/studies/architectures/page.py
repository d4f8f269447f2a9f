"""The page of the study `architectures`."""

import xarray as xr

from saddlery.analysis.numbers import percent
from saddlery.plots.style import colour
from saddlery.report.sections import Content, Row, Section, Table
from saddlery.report.tables import Column, bare
from saddlery.studies import crossed
from saddlery.studies.architectures.figures import along
from saddlery.studies.architectures.findings import at_end, moved

MOTION = (
    Column("level", "Loss", "the discriminator's, mean over the second half of training"),
    Column("wobble", "Its deviation", "standard deviation over the records of the second half of training"),
    Column("field_norm", "‖ξ‖", "norm of the gradient, one batch of 256"),
    Column("turning", "Turning", "share of rotation along ξ, ‖Aξ‖² of ‖Sξ‖² + ‖Aξ‖²", percent),
    Column("rotation", "Rotation", "share of rotation in the whole of H, Frobenius norms", percent),
    Column("pull", "‖Hᵀξ‖ / ‖ξ‖", "times γ: how long consensus's regulariser is beside the gradient"),
    Column("distance", "Distance", "to where the linearised field is least, in its Krylov space"),
    Column("unsolved", "Unsolved", "share of the field that is left there, if it were linear"),
    Column("reached", "Really left", "share of the field's norm that is left there; above 1 it is longer"),
    Column(
        "separation",
        "Separation",
        "pairs of a real and a generated sample of which the real one scores higher",
        percent,
    ),
    Column("spread", "Spread", "standard deviation of all scores"),
    Column("slope", "Slope", "mean norm of ∂score/∂x at generated samples"),
)


def content(dataset: xr.Dataset) -> Content:
    """The content of the page."""
    found = moved(crossed.best(dataset))
    sections = [
        Section(
            "Losses, field, rotation and distance along training",
            "ξ is the gradient of both players on one batch of 256 samples, H its Jacobian. Lines: medians over seeds "
            "of the runs above; bands: from the least to the greatest.",
            pictures=[along(found)],
        ),
        Section(
            "Field and Jacobian at the end of training",
            "The same runs, medians over seeds, without intervals. Distance: a step p that leaves least of Hp = ξ in "
            "the Krylov space of order 6 of the transposed Jacobian; where really more is left than without it, the "
            "linearised field says nothing about where the game rests.",
            motion(found),
        ),
    ]
    return crossed.content(dataset, found, "family", "families of networks", sections)


def motion(found: xr.Dataset) -> Table:
    """The table of every game's motion at the end of training."""
    rows = [
        Row(
            f"{row}, {column}",
            [bare(at_end(found, each.name).sel(row=row, column=column), each.text) for each in MOTION],
            colour(str(found["method"].sel(column=column).values)),
        )
        for row in found["row"].values
        for column in found["column"].values
    ]
    return Table([("Game", "family and method"), *((each.head, each.meaning) for each in MOTION)], rows)
