"""The study `forecast`: which signals tell a failing run from a healthy one, how early, and what recovers it."""

from saddlery.studies.forecast.findings import findings
from saddlery.studies.forecast.measure import measure
from saddlery.studies.forecast.page import content
from saddlery.studies.forecast.population import SCALES
from saddlery.studies.study import Study

study = Study(
    name="forecast",
    title="What foretells failure, and what causes it",
    asks="Which signals tell a run that will fail from one that will not, how early, and is rotation the cause?",
    source="a question of a reviewer of Mescheder, Nowozin, Geiger (2017)",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
