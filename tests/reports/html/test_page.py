"""The page: whole, closed to the outside, usable without a mouse, and indifferent to names."""

import base64
import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from reports.document import Document, Line
from reports.html.page import FIRST, as_html
from tests.reports.html.documents import HOSTILE, NAMES, Page, document, draw

LOOKS = {"bce": "#0072B2", "lsgan": "#D55E00", "wgangp": "not a colour"}


@pytest.fixture(scope="module")
def figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    draw(folder, ["one", "two"], 'a < b & "c"')
    return folder


@pytest.fixture(scope="module")
def text(figures: Path) -> str:
    return as_html(document(), figures, LOOKS)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def hostile() -> Document:
    return document(HOSTILE, HOSTILE[0])


def sound(page: Page) -> None:
    """What must hold of every page."""
    assert page.faults == []
    assert [name for name, count in Counter(page.values("id")).items() if count > 1] == []
    places = set(page.values("id"))
    assert {address for address in page.values("href") if address.startswith("#")} <= {f"#{name}" for name in places}
    assert all(image.get("alt") for image in page.all("img"))
    assert all(heading.get("scope") in ("col", "row") for heading in page.all("th"))
    labelled = {label["for"] for label in page.all("label")}
    assert {each["id"] for each in page.all("input", "select", "textarea")} <= labelled
    assert all(set(each.get("aria-labelledby", "").split()) <= places for each in page.all("section", "dialog"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(each.get("aria-label") for each in page.all("svg"))


def closed(page: Page) -> None:
    """Nothing is fetched and nothing runs but the one script."""
    assert all(address.startswith("data:image/") for address in page.values("src"))
    assert not [name for _, attributes, _ in page.elements for name in attributes if name.startswith("on")]
    assert {tag for tag, _, _ in page.elements} & {"iframe", "object", "embed", "link", "base", "form"} == set()
    kinds = [attributes.get("type") for attributes in page.all("script")]
    assert kinds.count(None) == 1
    assert set(kinds) == {None, "application/json"}
    for kind, data in zip(kinds, page.texts("script"), strict=True):
        assert kind is None or (json.loads(data) and "<" not in data)
    assert not [address for address in page.values("href") if not re.match(r"#|[^:]*$|data:image/", address)]


def test_the_page_is_sound_and_closed(page: Page) -> None:
    sound(page)
    closed(page)


def test_hostile_names_are_text_wherever_they_stand(figures: Path) -> None:
    text = as_html(hostile(), figures, dict.fromkeys(HOSTILE, "#123456"))
    page = Page(text)
    sound(page)
    closed(page)
    assert "{{ 7 * 7 }}" in text
    assert "<script>alert" not in text
    assert not re.search("[\x00\x07\ud800]", text)
    assert text.encode("utf-8")
    assert "http" not in " ".join(page.values("style"))


def test_the_policy_allows_the_one_script_by_its_hash(text: str, page: Page) -> None:
    script = next(words for tag, attributes, words in page.elements if tag == "script" and not attributes)
    digest = base64.b64encode(hashlib.sha256("".join(script).encode()).digest()).decode()
    policy = next(each["content"] for each in page.all("meta") if "http-equiv" in each)
    assert f"script-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert not re.search(r"url\((?!#)|@import", text)


def test_the_same_document_gives_the_same_page(text: str, figures: Path) -> None:
    assert as_html(document(), figures, LOOKS) == text


def test_a_loss_leads_to_its_first_cell_and_has_its_colour(page: Page) -> None:
    rows = [each for each in page.all("tr") if "data-group" in each]
    anchors = [each["id"] for each in rows if "id" in each]
    assert [each["data-group"] for each in rows] == ["0", "0", "1", "1", "2", "2"]
    assert anchors == list(dict.fromkeys(each.removeprefix("#") for each in page.values("href") if "cells-" in each))
    swatches = Counter(each.get("class") for each in page.all("i"))
    assert swatches == {"h-0072b2": 7, "h-d55e00": 6}  # summary, two tables, film, cells; bce has a cell of no group


def test_what_differs_is_marked_where_losses_are_compared(page: Page) -> None:
    odd = [text for tag, attributes, text in page.elements if tag == "td" and "odd" in attributes.get("class", "")]
    assert odd == [["5"]]


def test_records_are_linked_where_the_page_lies_beside_them(page: Page) -> None:
    assert page.values("href").count("a/b.json") == 2 * len(NAMES)
    assert "digits/record.json" in page.texts("th")


def test_a_film_shows_its_last_frames_and_keeps_the_earlier_ones_once(text: str, page: Page) -> None:
    earlier = json.loads(next(part for part in page.texts("script") if part.startswith('{"steps"')))
    first = base64.b64encode(b"first").decode()
    assert earlier["steps"] == [0, 50, 1200]
    assert earlier["frames"] == [[first, None]] * 3 + [[base64.b64encode(part).decode() for part in (b"a", b"b")]]
    assert text.count(base64.b64encode(b"lastbce").decode()) == 1
    (late,) = [each for each in page.all("img") if each["alt"] == "Samples of late, failed"]
    assert "hidden" in late
    assert "src" not in late
    assert [each["value"] for each in page.all("input") if each["type"] == "range"] == ["2"]


def test_copies_are_put_together_again(page: Page) -> None:
    kept = json.loads(next(part for part in page.texts("script") if part.startswith('{"parts"')))
    whole = ["\n\n".join(kept["parts"][place] for place in line) for line in kept["lines"]]
    assert whole == [line.copied for line in document().lines]
    assert len(kept["parts"]) == len(NAMES) + 2


def test_many_verdicts_are_folded_but_all_there(figures: Path) -> None:
    lines = [Line(f"verdict {number}.", "x") for number in range(FIRST + 5)]
    page = Page(as_html(replace(document(), lines=lines), figures))
    sound(page)
    shown = [words for words in page.texts("span") if words.startswith("verdict")]
    assert shown == [line.words for line in lines]
    assert "5 more" in page.texts("summary")


def test_verdicts_stand_under_their_panels_and_none_is_hidden_by_another_panel(figures: Path) -> None:
    panels = {"a <on> b, recipe c": "c: ", "d on e, recipe f": "f: "}
    lines = [
        Line(f"{place}verdict {number}.", f"copy {title} {number}", title, place)
        for title, place in panels.items()
        for number in range(7)
    ]
    page = Page(as_html(replace(document(), lines=lines), figures))
    sound(page)
    assert [words for words in page.texts("h3") if words in panels] == list(panels)
    shown = [words for words in page.texts("span") if words.startswith("verdict")]
    assert shown == [f"verdict {number}." for _ in panels for number in range(7)]
    assert page.texts("summary").count("3 more") == 2
    kept = json.loads(next(part for part in page.texts("script") if part.startswith('{"parts"')))
    assert [kept["parts"][line[0]] for line in kept["lines"]] == [line.copied for line in lines]


def test_a_document_with_next_to_nothing_has_a_page(tmp_path: Path) -> None:
    page = Page(as_html(Document("empty", "Why?", "", [], [], [], [], "", [], []), tmp_path))
    sound(page)
    closed(page)
    assert page.texts("h1") == ["empty"]


def test_what_went_wrong_is_counted_at_the_top(page: Page) -> None:
    found = {
        attributes["data-find"]: "".join(text) for _, attributes, text in page.elements if "data-find" in attributes
    }
    assert found == {"": "7 cells", "done": "3 done", "stalled": "3 stalled", "failed": "1 failed"}
