"""The study `inversion`: how well, and at what cost, generators trained with K unrolled steps make given images."""

from saddlery.studies.inversion.experiment import SCALES, measure
from saddlery.studies.inversion.findings import findings
from saddlery.studies.inversion.page import content
from saddlery.studies.study import Study

study = Study(
    name="inversion",
    title="Inversion of generators, and the likelihood of images",
    asks="Do generators that were trained with a larger K make given images better, and from likely noise?",
    source="Metz, Poole, Pfau, Sohl-Dickstein (2017), section 3.4.1, and its reviewers",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
