"""The study `pairwise`: distances between generated images, beside real images and noise."""

from saddlery.studies.pairwise.experiment import SCALES, measure
from saddlery.studies.pairwise.findings import findings
from saddlery.studies.pairwise.page import content
from saddlery.studies.study import Study

study = Study(
    name="pairwise",
    title="Pairwise distances of generated and real images",
    asks="Are the distances between generated images those between real ones, and could nonsense match them?",
    source="Metz, Poole, Pfau, Sohl-Dickstein (2017), section 3.4.2, and its reviewers",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
