"""The study `best-response`: first-order discriminators beside optimal ones where there are more than two Gaussians."""

from saddlery.studies.best_response.experiment import SCALES, measure
from saddlery.studies.best_response.findings import findings
from saddlery.studies.best_response.page import content
from saddlery.studies.study import Study

study = Study(
    name="best-response",
    title="Optimal discriminators beyond two Gaussians",
    asks="Do optimal discriminators succeed, and first-order ones fail, on rings, grids and digits too?",
    source="Li, Madry, Peebles, Schmidt (2018)",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
