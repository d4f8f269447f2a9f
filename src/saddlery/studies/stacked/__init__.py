"""The study `stacked`: stacked digits, and how many of their 1,000 combinations a generator makes."""

from saddlery.studies.stacked.experiment import SCALES, measure
from saddlery.studies.stacked.findings import findings
from saddlery.studies.stacked.page import content
from saddlery.studies.study import Study

study = Study(
    name="stacked",
    title="Mode coverage on stacked digits (1,000 modes)",
    asks="How many of a thousand modes does a generator find as its discriminator is unrolled further?",
    source="Metz, Poole, Pfau, Sohl-Dickstein (2017), section 3.3.1",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
