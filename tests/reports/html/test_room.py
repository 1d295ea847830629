"""What a page of a very large run leaves to the files beside it, and that it says so."""

from dataclasses import replace

import pytest

from reports.document import Drawing, Picture, Trained
from reports.html import page as module
from reports.html import pictures
from reports.html.page import FIGURES, FILMS, as_html
from reports.html.svg import Styles
from reports.html.tables import LONGEST
from tests.reports.html.documents import document, draw

MANY = [f"figure{number}" for number in range(FIGURES + 2)]


@pytest.fixture(scope="module")
def figures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("many")
    draw(folder, [*MANY, "one", "two"])
    return folder


@pytest.fixture
def crowded():
    plain = document()
    drawing = Drawing("kind", "Kind", "How to read it.", [Picture(name, name) for name in MANY])
    return replace(plain, drawings=[drawing])


def test_a_page_of_few_figures_holds_them_all_and_says_nothing(crowded, figures) -> None:
    text = as_html(crowded, figures)
    assert text.count('<svg class="plot"') + text.count('<img class="card"') == len(MANY)
    assert "too much for one page" not in text


def test_beyond_what_a_page_can_hold_figures_are_files_beside_it(crowded, figures, monkeypatch) -> None:
    monkeypatch.setattr(module, "HEAVIEST", 10_000)
    text = as_html(crowded, figures)
    assert text.count('<svg class="plot"') + text.count('<img class="card"') == FIGURES
    assert text.count("Not in this page: open its file.") == 2
    assert "would be too much for one page" in text
    for name in MANY:
        assert f'href="figures/{name}.png"' in text


def test_films_beyond_the_first_are_left_out_with_a_word(crowded, figures) -> None:
    film = document().films[0]
    text = as_html(replace(crowded, films=[film] * (FILMS + 3)), figures)
    assert text.count('<section class="film">') == FILMS
    assert f"Of {FILMS + 3} films the first {FILMS} are in this page" in text


def test_of_many_cells_those_that_went_wrong_are_listed_before_all_others(crowded, figures) -> None:
    cells = [
        Trained(f"cell{number}", None, "bce", number, "done" if number % 1000 else "diverged", ["1"] * 5, f"p{number}")
        for number in range(5000)
    ]
    columns = ["metric", "best", "final", "ended at step", "minutes"]
    text = as_html(replace(crowded, cells=cells, columns=columns), figures)
    assert text.count('<th scope="row" class="id">') == 3000
    assert all(f">p{number}</th>" in text for number in (0, 1000, 4000, 1))
    assert ">p4999</th>" not in text
    assert "holds 3,000 of 5,000" in text
    assert "5000 cells</a>" in text  # the tally is of all


def test_long_tables_are_cut_with_a_word(crowded, figures) -> None:
    table = document().tables[0]
    section = table.sections[0]
    rows = [[f"row{number}", "1 of 7", "12.3", "none"] for number in range(LONGEST + 7)]
    long = replace(table, sections=[replace(section, rows=rows)])
    text = as_html(replace(crowded, tables=[long]), figures)
    assert f"row{LONGEST - 1}<" in text
    assert f"row{LONGEST}<" not in text
    assert "7 more rows are in the CSV file." in text
    assert f"Of tables of more than {LONGEST} rows" in text


def test_an_svg_that_is_far_too_heavy_is_not_even_parsed(tmp_path, monkeypatch) -> None:
    draw(tmp_path, ["one"])
    (tmp_path / "one.svg").write_text("<svg" + " " * 2_000_000)
    monkeypatch.setattr(pictures, "inline", lambda *args: pytest.fail("it was parsed"))
    assert pictures.picture_of(Picture("one", "words"), tmp_path, 1, Styles()).startswith(
        '<img class="card" alt="words"'
    )
