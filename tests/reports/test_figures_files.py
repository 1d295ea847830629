"""The figures' files: their bytes, their formats and their text."""

import re
import xml.etree.ElementTree as ElementTree

import pytest

from reports import figures
from reports.figures import FIGURES, save_figures, shortened
from reports.figures.style import power
from reports.loading import load
from reports.panels import make_panels

SOME = ("profiles", "improvement", "shapes")


@pytest.fixture
def small(make_run, monkeypatch):
    monkeypatch.setattr(figures, "FIGURES", tuple(kind for kind in FIGURES if kind.name in SOME))
    return load(make_run(("bce", "lsgan"), 2, recipes=("controlled",), timed=False))


def saved(run, folder, *args):
    kinds = [(kind.name, names) for kind, names in save_figures(run, make_panels(run), folder, *args)]
    assert [name for name, _ in kinds] == list(SOME)
    assert {path.stem for path in folder.iterdir()} == {name for _, names in kinds for name in names}
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_files_come_from_one_process_and_from_two(small, tmp_path):
    one = saved(small, tmp_path / "one", ("png", "svg", "pdf"))
    assert one == saved(small, tmp_path / "two", ("png", "svg", "pdf"), 2)
    assert all(content.startswith(b"%PDF") for name, content in one.items() if name.endswith(".pdf"))
    assert not any(re.search(rb"CreationDate|<dc:date>", content) for content in one.values())


def test_a_pdf_is_made_only_where_it_is_asked_for(small, tmp_path):
    assert {name.rpartition(".")[2] for name in saved(small, tmp_path / "usual")} == {"png", "svg"}
    assert {name.rpartition(".")[2] for name in saved(small, tmp_path / "paper", ("pdf",))} == {"pdf"}


def test_text_stays_text_and_has_a_font_to_fall_back_to(small, tmp_path):
    svg = saved(small, tmp_path / "usual", ("svg",))["profiles-dcgan-digits.svg"].decode()
    texts = [element for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("}text")]
    assert "Share of runs below a value" in [element.text for element in texts]
    assert all("'DejaVu Sans', sans-serif" in element.get("style") for element in texts)


def test_paths_are_shortened_and_nothing_else():
    words = '<text x="1.23456" style="a">&lt;path d="M 1.23456"/&gt; 0.00001</text>'
    svg = f'<g>{words}<path id="a" d="M 1.239999 2 C -0.005001 7.1 3e-05 4"/></g>'
    assert shortened(svg) == f'<g>{words}<path id="a" d="M 1.23 2 C -0.00 7.1 3e-05 4"/></g>'


@pytest.mark.parametrize(
    ("value", "label"), [(1e-8, "10⁻⁸"), (1.0, "10⁰"), (1e12, "10¹²"), (-10.0, "−10¹"), (0, "0"), (3e4, "30000")]
)
def test_powers_of_ten_are_plain_text(value, label):
    assert power(value) == label
