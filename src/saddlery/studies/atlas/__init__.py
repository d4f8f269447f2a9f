"""The study `atlas`: every method on every analytic game over a range of steps, predicted and measured."""

from saddlery.studies.atlas.experiment import SCALES, measure
from saddlery.studies.atlas.findings import findings
from saddlery.studies.atlas.page import content
from saddlery.studies.study import Study

study = Study(
    name="atlas",
    title="The atlas of methods on analytic games",
    asks="Where does each method converge, at what rate, and do the multipliers at the equilibrium tell?",
    source="Mescheder, Geiger, Nowozin (2018), and the reviewers of Mescheder, Nowozin, Geiger (2017)",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
