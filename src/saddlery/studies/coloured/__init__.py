"""The study `coloured`: digits in a random colour, and the divergence of generated colours from the data's."""

from saddlery.studies.coloured.experiment import SCALES, measure
from saddlery.studies.coloured.findings import findings
from saddlery.studies.coloured.page import content
from saddlery.studies.study import Study

study = Study(
    name="coloured",
    title="Mode collapse on a continuum: digits in random colours",
    asks="Does unrolling keep a generator from collapsing onto a part of a continuum of colours?",
    source="Metz, Poole, Pfau, Sohl-Dickstein (2017), section 3.3.2",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
