"""The visitor finds every fault of a page that has them, so that none found says something."""

from pathlib import Path

import pytest

SMALL = Path(__file__).with_name("small.html")


@pytest.fixture
def small(visitor):
    visitor.open(SMALL, 390)
    return visitor


def test_errors_of_a_page_are_noted(small) -> None:
    assert any("a fault" in complaint for complaint in small.complaints())


def test_what_a_page_asks_for_from_outside_is_noted_and_never_answered(small) -> None:
    outside = "https://example.org/outside.png"
    assert outside in small.requests()
    assert any("ERR_NAME_NOT_RESOLVED" in line and outside in line for line in small.complaints())
    assert small.run("return document.images[1].naturalWidth") == 0


def test_what_is_asked_for_by_a_number_instead_of_a_name_is_noted_too(small) -> None:
    small.run("new Image().src = 'http://127.0.0.1:9/x.png'")
    assert small.wait(lambda: "http://127.0.0.1:9/x.png" in small.requests())


def test_what_was_noted_is_forgotten_with_the_next_page(small, tmp_path) -> None:
    (tmp_path / "empty.html").write_text("<!doctype html><title>empty</title>")
    small.open(tmp_path / "empty.html")
    assert small.complaints() == []
    assert small.requests() == [(tmp_path / "empty.html").as_uri()]


def test_violations_are_found_by_their_impact(small) -> None:
    assert [found for found in small.violations("critical") if found.startswith("image-alt")]
    assert not [found for found in small.violations("minor") if found.startswith("image-alt")]
    assert [found for found in small.pale("serious") if found.startswith("color-contrast")]


def test_the_window_is_as_narrow_as_a_phone(small) -> None:
    assert small.run("return innerWidth") >= 390
    assert small.run("return document.documentElement.clientWidth") == 390
    assert small.run("return document.documentElement.scrollWidth") > 390


def test_colours_follow_what_the_reader_prefers_and_the_medium(small) -> None:
    def colour() -> str:
        return small.run("return getComputedStyle(document.body).color")

    assert colour() == "rgb(0, 0, 0)"
    small.emulate(prefers_color_scheme="dark")
    assert colour() == "rgb(255, 255, 255)"
    small.emulate("print")
    assert colour() == "rgb(51, 51, 51)"


def test_keys_reach_what_has_the_focus(small) -> None:
    small.press("TAB", "ENTER")
    assert small.all("button")[0].text == "pressed"
