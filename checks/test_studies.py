"""Every study at its tiny scale: it runs, writes its page, finds what it found, and goes on with what is there."""

import html
import re

import pytest

from checks.findings import NUMBER, changed, labels_of, undeclared
from saddlery.cli import main
from saddlery.report.finding import Finding
from saddlery.studies.study import SCALES, STUDIES, find

ANEW = {
    ".saddlery",
    ".saddlery.lock",
    "run.json",
    "results.zarr",
}  # who holds a folder, and what is written at each end


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_runs_writes_its_page_and_goes_on(name, tmp_path):
    study, command = find(name), ["study", name, "--scale", "tiny", "--out", str(tmp_path / "out"), "--quiet"]
    assert study.name == name
    assert {"tiny", "quick"} < set(study.scales) <= set(SCALES)
    assert main(command) == 0
    results, page = study.open(tmp_path / "out"), (tmp_path / "out" / "report.html").read_text()
    assert all(results.attrs[key] for key in ("title", "command", "scale"))
    assert not re.findall(r"(?:src|href)=[\"']?(?!data:|#)[^\"'> ]+", page)  # it opens without a network
    assert not re.search(r">\s*(?:nan|None|inf)\s*<", page)
    pictures = list((tmp_path / "out" / "figures").glob(f"{name}-*.png"))
    assert pictures
    assert all(path.stat().st_size > 1000 for path in pictures)
    assert study.title in html.unescape(page)
    assert study.asks in html.unescape(page)
    the_findings_are_in_the_data(study.findings(results), results, html.unescape(page))
    made = times(tmp_path / "out" / "parts")
    assert main(command) == 0
    assert times(tmp_path / "out" / "parts") == made  # nothing was computed again


def the_findings_are_in_the_data(findings, results, page):
    """Every number in their texts is; and a text with another number would be found out."""
    labels = labels_of(results)
    assert findings
    for finding in findings:
        assert finding.text in page
        assert undeclared(finding, labels) == [], finding
        for text in changed(finding.text):
            assert text == finding.text or undeclared(finding._replace(text=text), labels), text


def test_a_number_that_is_not_in_the_data_is_found():
    finding = Finding(
        "Share", "12.5% of 1,000 runs of unrolled(steps=5) within 0.05.", data={"share": 0.125, "a": [1000]}
    )
    assert undeclared(finding) == ["5", "0.05"]
    assert undeclared(finding, ["unrolled(steps=5)"]) == ["0.05"]
    named = finding._replace(data={**finding.data, "near": 0.05, "method": "unrolled(steps=5)"})
    assert undeclared(named) == []
    assert all(undeclared(named._replace(text=text)) for text in changed(named.text))
    assert NUMBER.findall("1e-05, 2,000.") == ["1e-05", "2,000"]


def times(folder):
    """When each file of results was written."""
    files = (path for path in folder.rglob("*") if path.is_file() and not ANEW & {*path.relative_to(folder).parts})
    return {path: path.stat().st_mtime_ns for path in files}
