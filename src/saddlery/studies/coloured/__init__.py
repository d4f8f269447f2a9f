"""The study `coloured`: digits in a random colour, and how far the colours of a generator's are from the data's."""

from saddlery.studies.coloured.experiment import SCALES, measure
from saddlery.studies.coloured.findings import findings
from saddlery.studies.coloured.page import content
from saddlery.studies.study import Study

study = Study(
    name="coloured",
    title="Collapse onto a part of a continuum",
    asks="Does unrolling keep a generator from collapsing onto a part of a continuum of colours?",
    source="Metz, Poole, Pfau, Sohl-Dickstein (2017), section 3.3.2",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
