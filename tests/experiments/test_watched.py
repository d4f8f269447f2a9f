"""Records of a training that was watched, as results."""

import numpy as np
import pytest
from checks.watch import watched_folder

import saddlery as sd
from saddlery.analysis.alarms import ALARMS
from saddlery.errors import Damaged, NotFound
from saddlery.experiments.opening import open_live, open_results
from saddlery.experiments.watched import watched
from saddlery.records import description
from saddlery.records.claims import claim
from saddlery.records.description import Description
from saddlery.report import write
from saddlery.report.words import findings


def rows(count, lost=()):
    """Records in which no gradient of the discriminator is finite at some places."""
    return [
        {
            "generator_loss": 0.1 * i, "generator_norm": 1.0, "discriminator_norm": np.nan if i in lost else 2.0,
            "generator_not_finite": 0.0, "discriminator_not_finite": 1.0 if i in lost else 0.0, "spread": 0.5,
        }
        for i in range(count)
    ]  # fmt: skip


def test_all_ways_to_open_a_folder_give_the_same_records(tmp_path):
    folder = watched_folder(tmp_path / "a", rows(12))
    found = watched(folder)
    assert dict(found.sizes) == {"setting": 1, "seed": 1, "step": 12}
    assert found["step"].values.tolist() == list(range(50, 601, 50))
    np.testing.assert_allclose(found["generator_loss"].values[0, 0], 0.1 * np.arange(12))
    for other in (open_live(folder), open_results(folder)):
        assert other.identical(found)
    assert sd.load(folder).table()["generator_loss"].tolist() == [pytest.approx(1.1)]


@pytest.mark.parametrize(("lost", "at"), [((), -1), ((3,), -1), ((3, 10, 11), 550), (range(12), 50)])
def test_a_training_has_diverged_where_no_gradient_is_finite_from_there_on(tmp_path, lost, at):
    found = watched(watched_folder(tmp_path / "a", rows(12, lost)))
    assert found["diverged_at"].item() == at


def test_a_page_is_written_of_it(tmp_path):
    folder = watched_folder(tmp_path / "a", rows(12))
    page = write([open_results(folder)], folder)
    text = page.read_text()
    assert "mine" in text
    assert "Spread of samples" in text
    assert "Smallest gradient" not in text


def test_a_page_tells_the_alarms_that_rang_but_those_that_the_watch_ignored(tmp_path):
    alarm = ALARMS["W05"]
    loud = [each | {"generator_loss": 1e3 * np.exp(alarm.threshold)} for each in rows(12)]
    for ignore, told in (((), True), (("W05",), False)):
        found = findings(open_results(watched_folder(tmp_path / str(told), loud, ignore=ignore)))
        assert any(each.subject == "Alarm" and "W05" in each.text for each in found) == told


def test_a_folder_without_records_says_so_and_a_changed_one_is_damaged(tmp_path):
    with claim(tmp_path / "a"):
        description.write(tmp_path / "a", Description("watched", {"title": "mine"}))
    with pytest.raises(NotFound, match="holds no records yet"):
        watched(tmp_path / "a")
    folder = watched_folder(tmp_path / "b", rows(12))
    path = folder / "live" / "0-0.jsonl"
    path.write_text(path.read_text().replace('"generator_norm": 1.0', '"generator_norm": 9.0', 1))
    with pytest.raises(Damaged, match="a line changed"):
        watched(folder)
