"""What is said of recurrent generators, on results made up."""

import numpy as np
from checks.findings import unsaid
from scipy import stats

from saddlery.studies.recurrent.findings import findings
from saddlery.studies.recurrent.page import COLUMNS


def test_what_is_found_is_said_with_the_numbers_of_the_data(made_up):
    frame, _, spread = made_up
    made = frame(["K = 0", "K = 10"], channels=1).assign_coords(
        depth=("setting", [0.0, 10.0]), method=("setting", ["simultaneous", "unrolled"])
    )
    names = [column.name for column in COLUMNS]
    made = made.assign({name: spread([1.0, 5.0]) for name in names})
    made = made.assign({f"control_{name}": ("control", [7.0, 6.0]) for name in names})
    made["distances"] = ("setting", "seed", "pair"), np.ones((2, 3, 6))
    made["control_distances"] = ("control", "pair"), np.ones((2, 6))
    made["control"] = ["real images", "noise of the same pixels"]
    assert unsaid(findings(made), made) == {}
    found = {finding.subject: finding.text for finding in findings(made)}
    text = found["Collapse, in pixels"]
    low, high = student(made["pixels"].values)
    assert f"more with K = 10 than with K = 0 (mean difference +4.13, +{low:.3g} to +{high:.3g}, n = 3)" in text
    assert text.endswith("Of real images it is 7, of noise of the same pixels 6.")
    made["pixels"][1] = made["pixels"][0] + np.array([1.0, -1.0, 0.5])
    said = {finding.subject: finding.text for finding in findings(made)}["Collapse, in pixels"]
    assert "K = 10 and K = 0 are not told apart" in said


def student(values):
    """The interval of the mean difference by SciPy."""
    return stats.ttest_rel(values[1], values[0]).confidence_interval(0.95)
