"""Pictures as files: whole, and only in the place of Saddlery's own; and as notebooks show them."""

import pytest

from saddlery.errors import InTheWay, InvalidValue
from saddlery.plots import Picture, Pictures
from saddlery.plots.picture import render
from saddlery.plots.style import canvas

ONE = Picture("one", 'A <b>"square"</b>.', b"<svg>\xc3\xa9</svg>", b"\x89PNG one")


@pytest.mark.parametrize(("name", "content"), [("a.svg", ONE.svg), ("a.PNG", ONE.png), ("new/folder/a.png", ONE.png)])
def test_the_ending_says_how_it_is_written(tmp_path, name, content):
    assert ONE.save(tmp_path / name) == tmp_path / name
    assert (tmp_path / name).read_bytes() == content
    assert {path.name for path in (tmp_path / name).parent.iterdir()} == {(tmp_path / name).name, ".saddlery"}


def test_a_picture_replaces_one_that_was_saved_and_nobody_s_file(tmp_path):
    ONE.save(tmp_path / "a.svg")
    ONE._replace(svg=b"<svg/>").save(str(tmp_path / "a.svg"))
    assert (tmp_path / "a.svg").read_bytes() == b"<svg/>"
    (tmp_path / "a.svg").write_bytes(b"<svg>edited</svg>")
    (tmp_path / "b.png").write_bytes(ONE.png[:-1])
    for name, content in (("a.svg", b"<svg>edited</svg>"), ("b.png", ONE.png[:-1])):
        with pytest.raises(InTheWay, match="was not written by Saddlery, or was changed since"):
            ONE.save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == content


def test_a_refused_picture_leaves_nothing_behind(tmp_path):
    (tmp_path / "a.svg").write_text("mine")
    with pytest.raises(InTheWay):
        ONE.save(tmp_path / "a.svg")
    with pytest.raises(InvalidValue, match=r"expected a name that ends in \.svg or \.png"):
        ONE.save(tmp_path / "a.pdf")
    assert [path.name for path in tmp_path.iterdir()] == ["a.svg"]


def test_notebooks_show_the_files_and_words_are_escaped():
    assert ONE._repr_svg_() == "<svg>é</svg>"
    assert ONE._repr_png_() == ONE.png
    shown = Pictures([ONE, ONE])._repr_html_()
    assert shown.count("<img ") == 2
    assert "&lt;b&gt;&quot;square&quot;&lt;/b&gt;" in shown
    assert "<b>" not in shown
    assert repr(ONE) == '<Picture one: A <b>"square"</b>.>'


def test_one_figure_is_one_file():
    def drawn():
        figure = canvas(2, 2)
        figure.add_subplot().plot([1, 2], [3, 4], "o", clip_on=True)
        return render(figure, "line", "A line.")

    assert drawn() == drawn()
