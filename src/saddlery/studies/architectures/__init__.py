"""The study `architectures`: methods on families of networks, the learning rate swept, and the motion of each game."""

from saddlery.studies.architectures.experiment import SCALES, measure
from saddlery.studies.architectures.findings import findings
from saddlery.studies.architectures.page import content
from saddlery.studies.study import Study

study = Study(
    name="architectures",
    title="Methods on different network architectures",
    asks="On which networks does consensus optimisation help, why are its losses so constant, and where does it fail?",
    source="Mescheder, Nowozin, Geiger (2017), and its reviewers",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
