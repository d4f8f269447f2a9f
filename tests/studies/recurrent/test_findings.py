"""What is said of recurrent generators, on results made up."""

import numpy as np
from checks.findings import unsaid

from saddlery.studies.recurrent.findings import compared, findings
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
    assert "K = 0 1 (0.9 to 1.2), K = 10 5 (4.5 to 6); of real images 7, of noise of the same pixels 6" in text
    assert "It is larger under K = 10 than under K = 0" in text
    assert found["Digits found"].endswith("of real images 700.0%.")
    made["pixels"] = spread([1.0, 1.1])
    assert "The intervals of K = 0 and K = 10 overlap" in compared(made, "pixels")
