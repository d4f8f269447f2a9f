"""The study `first-order`: two Gaussians against optimal, first-order and unrolled discriminators."""

from saddlery.studies.first_order.experiment import SCALES, measure
from saddlery.studies.first_order.findings import findings
from saddlery.studies.first_order.page import content
from saddlery.studies.study import Study

study = Study(
    name="first-order",
    title="First-order dynamics of two Gaussians",
    asks="From which starts do two Gaussians reach a target, against optimal, first-order and unrolled discriminators?",
    source="Li, Madry, Peebles, Schmidt (2018)",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
