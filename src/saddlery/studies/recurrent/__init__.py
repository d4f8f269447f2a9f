"""The study `recurrent`: an LSTM generator that writes digits row by row, without unrolling and with it."""

from saddlery.studies.recurrent.experiment import SCALES, measure
from saddlery.studies.recurrent.findings import findings
from saddlery.studies.recurrent.page import content
from saddlery.studies.study import Study

study = Study(
    name="recurrent",
    title="A recurrent generator (LSTM) on digits",
    asks="Does unrolling keep a recurrent generator from making the same sample again and again?",
    source="Metz, Poole, Pfau, Sohl-Dickstein (2017), section 3.2",
    scales=SCALES,
    measure=measure,
    findings=findings,
    content=content,
)
