"""The study `divergences`: every loss with every kind of method, the learning rate swept."""

from saddlery.studies.divergences.experiment import SCALES, measure
from saddlery.studies.divergences.findings import findings
from saddlery.studies.divergences.page import content
from saddlery.studies.study import Study

study = Study(
    name="divergences",
    title="Methods under different losses and divergences",
    asks="Do the results hold for other divergences, and for losses that are no zero-sum game?",
    source="Mescheder, Nowozin, Geiger (2017), and its reviewers",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
