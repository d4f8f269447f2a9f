"""The study `numerics-ring`: simultaneous against consensus optimisation on a ring, and the eigenvalues of both."""

from saddlery.studies.numerics_ring.experiment import SCALES, measure
from saddlery.studies.numerics_ring.findings import findings
from saddlery.studies.numerics_ring.page import content
from saddlery.studies.study import Study

study = Study(
    name="numerics-ring",
    title="Eigenvalues of the Jacobian along training on a ring",
    asks="Does the Jacobian along training have eigenvalues of zero real and large imaginary part, as the theory says?",
    source="Mescheder, Nowozin, Geiger (2017), and its reviewers",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
