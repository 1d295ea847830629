"""The figures' files: their bytes, their formats and their text."""

import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from reports import figures
from reports.figures import FIGURES, save_figures, shortened
from reports.figures.style import power
from reports.loading import load
from reports.panels import make_panels

ROOT = Path(__file__).parent.parent.parent
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


@pytest.mark.skipif(not Path("/proc").is_dir() or os.cpu_count() == 1, reason="looks for several processes in /proc")
def test_no_process_outlives_a_build_that_was_killed(run_folder, tmp_path):
    command = [
        sys.executable,
        "-m",
        "reports.build",
        str(run_folder),
        "--out",
        str(tmp_path / "out"),
        "--formats",
        "md",
    ]
    build = subprocess.Popen(command, cwd=ROOT)
    children: list[int] = []
    for _ in range(600):
        children = [int(name) for name in Path(f"/proc/{build.pid}/task/{build.pid}/children").read_text().split()]
        if len(children) > 1 or build.poll() is not None:
            break
        time.sleep(0.1)
    build.kill()
    build.wait()
    assert children
    for _ in range(100):
        left = [child for child in children if alive(child)]
        if not left:
            break
        time.sleep(0.1)
    assert left == []


def alive(process):
    """Whether it runs; one that ended and was not asked for its end yet does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
