"""The studies `fair-ring`, `fair-grid` and `fair-digits`: every method at many learning rates, with the same seeds."""

from functools import partial

from saddlery.studies.fair.experiment import TASKS, measure
from saddlery.studies.fair.findings import findings
from saddlery.studies.fair.page import content
from saddlery.studies.study import Study


def compared(on: str) -> Study:
    """The study that compares methods on one of `TASKS`."""
    return Study(
        name=f"fair-{on}",
        title=f"A fair comparison on {TASKS[on].title}",
        asks="Which method is best when each is tuned as much, and which differences do the seeds support?",
        source="the reviewers of Mescheder, Nowozin, Geiger (2017) and of Metz, Poole, Pfau, Sohl-Dickstein (2017)",
        scales=TASKS[on].scales,
        measure=partial(measure, on=on),
        findings=findings,
        content=content,
    )


digits, grid, ring = map(compared, ("digits", "grid", "ring"))
