"""The page opens without a network, escapes its text, and survives whatever training left."""

import base64
import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from saddlery.records.storage import MARK
from saddlery.report import colour, page, summary_table, table, write

pytestmark = pytest.mark.long


class Elements(HTMLParser):
    """All start tags with their attributes, and the text of table cells."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.inside = [], [], False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag == "td":
            self.cells.append("")
        self.inside = tag == "td" or (self.inside and tag == "small")

    def handle_endtag(self, tag):
        self.inside = self.inside and tag != "td"

    def handle_data(self, data):
        if self.inside:
            self.cells[-1] += data


@pytest.fixture(scope="module")
def written(mixture, images, tmp_path_factory):
    return write([mixture, images], tmp_path_factory.mktemp("report"))


def svgs(text):
    return [base64.b64decode(found).decode() for found in re.findall(r"data:image/svg\+xml;base64,([^\"]+)", text)]


def test_nothing_is_loaded_from_elsewhere(written):
    text = written.read_text()
    page = Elements(text)
    loaded = [attrs[name] for _, attrs in page.tags for name in ("src", "href", "srcset", "data") if name in attrs]
    assert loaded
    assert all(address.startswith(("data:", "#")) for address in loaded)
    assert not {"link", "iframe", "object", "base"} & {tag for tag, _ in page.tags}
    assert "http://" not in text
    assert "https://" not in text
    assert "@import" not in text
    for svg in svgs(text):
        assert not re.search(r"(href|src)=\"(?!#|data:)", svg)
    assert len(text) < 6e6


def test_every_figure_lies_beside_the_page_twice(written):
    folder = written.parent / "figures"
    vectors, bitmaps = ({path.stem for path in folder.glob(f"*.{kind}")} for kind in ("svg", "png"))
    assert vectors == bitmaps
    assert {"ring-of-eight-gaussians-evolution", "handwritten-digits-drawn", "handwritten-digits-mmd"} <= vectors
    assert len(vectors) == len(svgs(written.read_text()))
    for path in folder.glob("*.png"):
        assert np.asarray(Image.open(path).convert("L")).std() > 5
    assert not [path for path in written.parent.rglob("*") if path.name.startswith(".") and path.name != MARK]


def test_the_table_on_the_page_has_the_summary_s_numbers(written, mixture):
    cells = [" ".join(cell.split()) for cell in Elements(written.read_text()).cells]
    rows = summary_table(mixture)
    width = 7
    for i in range(4):
        row = cells[width * i : width * (i + 1)]
        assert float(row[0].split()[0]) == rows["modes"].iloc[i]
        assert float(row[1].split("%")[0]) == pytest.approx(100 * rows["high_quality"].iloc[i], abs=0.051)
        assert float(row[2].split()[0]) == pytest.approx(rows["total_variation"].iloc[i], rel=0.01)
        assert row[4:6] == [f"{rows[name].iloc[i]:.0f} of 4" for name in ("collapsed", "diverged")]


def test_a_method_has_one_colour_in_all_figures_of_all_experiments(written):
    for path in (written.parent / "figures").glob("*.svg"):
        if not path.stem.endswith(("-drawn", "-evolution")):
            for method in ("alternating", "unrolled"):
                assert f"stroke: {colour(method)}" in path.read_text()
    swatches = re.findall(r'background:(#\w+)"></i>(?:<b>)?([\w=()]+)', written.read_text())
    assert len(swatches) == 12  # each setting in each table and animation
    assert all(tint == colour(label.partition("(")[0]) for tint, label in swatches)


def test_every_picture_has_words(written):
    pictures = [attrs for tag, attrs in Elements(written.read_text()).tags if tag == "img"]
    assert all(len(attrs["alt"]) > 20 for attrs in pictures)


def test_the_page_states_what_it_needs_to(written, mixture):
    text = written.read_text()
    assert "modes are missing, and none is being gained" in text
    command = re.search(r"<code><span>(.*?)</code>", text)[1]
    plain = re.sub(r"<[^>]+>", "", command).replace("&#34;", '"').replace("&#39;", "'")
    assert plain == mixture.attrs["command"]
    for word in ("adam(learning_rate=0.001, b1=0.5) for both players", mixture.attrs["versions"]):
        assert word in text


def test_text_is_escaped(mixture, tmp_path):
    bad = "<script>alert('x')</script>"
    dataset = (
        mixture.isel(setting=[3])
        .assign_coords(setting=[f"unrolled{bad}"])
        .assign_attrs(title=bad, note=bad, command=f'run "{bad}" & $x_1$')
    )
    text = write([dataset], tmp_path).read_text()
    assert bad not in text
    assert text.count("<script>") == 1
    assert "&lt;script&gt;" in text


def test_seeds_that_diverged_or_never_ran_do_not_break_it(mixture, images, tmp_path):
    lost = mixture.copy(deep=True)
    lost["diverged_at"][0] = 0
    for name in ("modes", "kl", "generator_loss", "samples"):
        lost[name][0] = np.nan
    for name in lost.data_vars:
        if lost[name].dims[:3] == ("setting", "seed", "step"):
            lost[name][3, 1] = np.nan
    lost["generator_loss"][1, 0, 3] = np.inf
    pale = images.copy(deep=True)
    pale["diverged_at"][:] = 0
    text = write([lost, pale], tmp_path).read_text()
    assert "simultaneous in 4 of 4 seeds" in text
    assert "unrolled(steps=10) in 1 of 4 seeds" in text  # no last record
    assert ">nan" not in text.lower()


def test_one_seed_one_record_and_no_titles(mixture, tmp_path):
    least = mixture.isel(setting=[0], seed=[1], step=[0]).assign_attrs(title="")
    path = write([least, least], tmp_path / "new" / "folder")
    names = {path.name for path in (tmp_path / "new" / "folder" / "figures").iterdir()}
    assert {"ring-preset-unrolled-modes.svg", "ring-preset-unrolled-2-modes.svg"} <= names
    assert path == tmp_path / "new" / "folder" / "report.html"


def test_it_is_written_anew_in_place(mixture, tmp_path):
    small = mixture.isel(setting=[0], step=[0, 10])
    first = write([small], tmp_path).read_text()
    assert write([small.assign_attrs(note="another note")], tmp_path).read_text() != first


@pytest.mark.parametrize("dimension", ["setting", "seed", "step"])
def test_what_is_no_experiment_is_refused(mixture, tmp_path, dimension):
    with pytest.raises(ValueError, match=f"Ring of eight Gaussians has no {dimension}"):
        write([mixture.isel({dimension: []})], tmp_path)
    with pytest.raises(ValueError, match="datasets: got none"):
        write([], tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def undrawn(monkeypatch):
    """What makes the page of an experiment, and what it is made of, without figures."""
    for name in ("pictures", "drawn_of"):
        monkeypatch.setattr(page, name, lambda dataset: [])
    monkeypatch.setattr(page, "animation", lambda dataset: None)
    return lambda dataset: page._part(dataset, taken=[])


@pytest.mark.parametrize("known", [True, False])
def test_captions_are_of_what_the_experiment_has(undrawn, mixture, known):
    """The scores of a perfect sampler are not known of what `train` left, nor is a share near modes of digits."""
    other = mixture.drop_vars("high_quality")
    other.attrs = {name: each for name, each in mixture.attrs.items() if not name.startswith("perfect_")}
    text = page.html([undrawn(mixture if known else other)])
    for said in (
        "within three standard deviations of its centre",
        "The perfect sampler draws as many samples",
        "Dashed: what a perfect sampler",
    ):
        assert (said in text) == known
    assert '<th scope="row">untrained generator' in text
    assert "Seeds collapsed: samples are near real ones, but near few of them" in text
    assert "Seeds diverged: a number is no longer finite, or a size grows without bound." in text


def test_what_seeds_are_ranked_by_is_said(undrawn, mixture, images):
    assert undrawn(mixture).ranked == "modes covered, then high-quality share"
    assert undrawn(mixture.drop_vars("high_quality")).ranked == "modes covered"
    assert undrawn(images).ranked == undrawn(images).chosen == "sliced Wasserstein"
    assert "Seeds collapsed" not in page.html([undrawn(images)])


def test_long_labels_are_short_in_table_figures_and_sentences_with_a_key(mixture, undrawn, capsys):
    whole = [f"unrolled(generator='adam(learning_rate={rate}, b1=0.5)', discriminator='sgd(learning_rate=0.1)')"
             for rate in range(mixture.sizes["setting"])]  # fmt: skip
    long = mixture.assign_coords(setting=whole)
    part = undrawn(long)
    names = [f"unrolled #{i + 1}" for i in range(len(whole))]
    assert [row.label for row in part.table.rows][: len(whole)] == names
    assert not any("learning_rate" in finding.text for finding in part.findings)
    assert part.key[0] == "All settings: discriminator='sgd(learning_rate=0.1)'"
    assert part.key[2] == "unrolled #2: generator='adam(learning_rate=1, b1=0.5)'"
    assert dict(part.settings)["Methods"] == ", ".join(whole)
    assert all(f"<li>{line}</li>" in unescape(page.html([part])) for line in part.key)
    console = Console(width=80)
    console.print(table([long]))
    printed = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 80 for line in printed)
    assert all(any(line.strip().startswith(name) for line in printed) for name in names)
    assert any(part.key[0] in line for line in printed)
