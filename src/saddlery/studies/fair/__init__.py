"""The studies `fair-ring`, `fair-grid`, `fair-digits`: every method at many rates; `fair-null`: one by many names."""

from functools import partial

from saddlery.studies.fair.experiment import TASKS
from saddlery.studies.fair.findings import findings
from saddlery.studies.fair.page import content
from saddlery.studies.fair.phases import measure
from saddlery.studies.study import Study

ASKS = "Which method is best when each is tuned as much, and which differences do the seeds support?"


def compared(on: str, asks: str = ASKS) -> Study:
    """The study that compares methods on one of `TASKS`."""
    return Study(
        name=f"fair-{on}",
        title=f"A fair comparison on {TASKS[on].title}",
        asks=asks,
        source="the reviewers of Mescheder, Nowozin, Geiger (2017) and of Metz, Poole, Pfau, Sohl-Dickstein (2017)",
        scales=TASKS[on].scales,
        measure=partial(measure, on=on),
        findings=findings,
        content=content,
    )


digits, grid, ring = map(compared, ("digits", "grid", "ring"))
null = compared("null", "What does the same comparison find where there is nothing to find?")
