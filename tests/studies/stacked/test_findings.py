"""What is said of stacked digits, on results made up."""

import numpy as np
import pytest
from checks.findings import unsaid

from saddlery.studies.stacked.findings import findings
from saddlery.studies.stacked.page import COLUMNS, compared


@pytest.fixture
def study(made_up):
    _, unrolled, spread = made_up
    made = unrolled(baseline=True)
    found = [30, 40, 50, 300, 500, 500, 500, 510, 1000]
    made = made.assign(
        found=spread(found), model_kl=spread(np.linspace(6, 1, 9)), data_kl=spread([np.inf] * 9),
        variation=spread(np.linspace(0.9, 0.1, 9)), chi=spread([2000.0] * 9), p=spread([0.0] * 9),
        sure=spread([0.5] * 9), counts=(("setting", "seed", "rank"), np.full((9, 3, 1000), 26)),
    )  # fmt: skip
    made["modes"] = ("setting", "seed", "step"), np.stack([made["found"].values * 2, made["found"].values], -1)
    names = [column.name for column in COLUMNS]
    made = made.assign({f"control_{name}": ("control", [7.0, 3.0]) for name in names})
    made["control"] = ["real images", "untrained generator"]
    return made.assign_attrs({f"perfect_{name}": 0.5 for name in names if name != "sure"} | {"interval_found": [1, 2]})


def test_what_is_found_is_said_with_the_numbers_of_the_data(study):
    found = {finding.subject: finding.text for finding in findings(study)}
    quarter, half = (found[f"Unrolling, discriminator {size}"] for size in "¼½")
    assert quarter.startswith("Modes found: more with K = 10, D ¼ than with K = 0, D ¼ (mean difference +279, ")
    assert half.startswith("Modes found: more with K = 10, D ½ than with K = 0, D ½ (mean difference +10.3, ")
    assert found["Along training"].startswith("27 of 27 runs that did not diverge end with less than 90.0% of the most")
    assert "more modes than 8 of 8 other settings" in found["Relativistic, R1 and R2"]
    assert found["All 1,000 modes"].startswith("relativistic R1+R2 in 2 of 3 seeds")
    assert "refutes equal probabilities under every setting" in found["With equal probability?"]
    study["found"][3] = study["found"][0] + np.array([1, -1, 2])
    study["found"][-1] = study["found"][-2]
    study["modes"][:, :, -1] = study["modes"][:, :, 0]
    found = {finding.subject: finding.text for finding in findings(study)}
    assert "are not told apart" in found["Unrolling, discriminator ¼"]
    assert "more modes than 7 of 8" in found["Relativistic, R1 and R2"]
    assert found["Along training"].startswith("0 of 27")
    study["found"][3] = study["found"][0] - np.array([8, 9, 10])
    text = {finding.subject: finding for finding in findings(study)}["Unrolling, discriminator ¼"]
    assert "fewer with K = 10" in text.text
    assert text.tone == "bad"
    study["p"][-1] = [0.0, 0.5, 0.5]
    found = {finding.subject: finding.text for finding in findings(study)}
    assert (
        "does not refute equal probabilities (p ≥ 0.01 in some seed) for relativistic R1+R2."
        in (found["With equal probability?"])
    )


def test_what_no_run_finds_is_found_under_no_setting(study):
    study["found"][-1] = 999.0
    found = {finding.subject: finding for finding in findings(study)}["All 1,000 modes"]
    assert found.text == "Under no setting; a perfect sampler of as many samples finds 0.5."
    assert found.tone == "plain"


def test_what_diverged_has_lost_no_modes(study):
    study["diverged_at"][0, 0] = 50
    text = {finding.subject: finding.text for finding in findings(study)}["Along training"]
    assert text.startswith("26 of 26 runs that did not diverge")


def test_what_a_mode_is_worth_is_read_off_an_untrained_generator_and_real_images(study):
    study["control_found"][1], study["control_sure"][:] = 160, [0.9, 0.25]
    text = {finding.subject: finding.text for finding in findings(study)}["What a mode is worth"]
    assert text == (
        "In an untrained generator's images the classifier finds 160 of the 1,000 modes, and is sure of 25.0% of their "
        "digits; of real ones it is sure of 90.0%."
    )


def test_published_figures_stand_beside_their_settings(study):
    rows = {row.label: row.cells for row in compared(study).rows}
    assert [cell.text for cell in rows["K = 5, D ½"][1:4:2]] == ["732", "1.66"]
    assert [cell.text for cell in rows["relativistic R1+R2"][1:4:2]] == ["", ""]
    assert rows["perfect sampler"][0][:2] == ("0.5", "1 to 2")


def test_every_number_that_is_said_is_in_the_data(study):
    assert unsaid(findings(study), study) == {}
