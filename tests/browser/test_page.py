"""The report's page, opened from disk by a reader with a mouse, a keyboard, a phone, another theme."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import records
from reports.build import build
from tests.browser.visitor import Visitor
from tests.reports.conftest import picture, write_run

STEPS = (0, 250, 500)
CELLS = 7  # with the one that is skipped
PHONE, DESK = 390, 1280
NUMBER = re.compile(r"[-−+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?(?=$|[\s%×,])", re.IGNORECASE)
BODY = "getComputedStyle(document.body)"


@pytest.fixture(scope="session")
def page(tmp_path_factory) -> Path:
    """Of 3 losses, 2 seeds, one cell diverged, one skipped; with samples at three steps."""
    statuses = {("controlled", "lsgan", 1): "diverged"}
    run = write_run(tmp_path_factory.mktemp("page") / "run", seeds=2, statuses=statuses, recipes=("controlled",))
    for folder in records.find_records(run):
        for step in STEPS:
            picture(folder / "samples" / f"step{step:06d}.png", folder.name, step)
    return build([run], run / "report", ["html"]) / "index.html"


@pytest.fixture
def reader(visitor, page) -> Iterator[Visitor]:
    """At a desk, with the page before them; it must leave no complaint in the console, whatever was done with it."""
    visitor.open(page, DESK)
    yield visitor
    assert visitor.complaints() == []


@pytest.fixture
def phone(visitor, page) -> Visitor:
    visitor.open(page, PHONE, 844)
    return visitor


def theme(reader: Visitor, name: str) -> str:
    """Choose it; returns the page's background."""
    script = "const s = document.getElementById('theme'); s.value = arguments[0]; s.dispatchEvent(new Event('change'));"
    reader.run(script, name)
    return reader.run(f"return {BODY}.backgroundColor")


def number(text: str) -> float:
    """That a text begins with."""
    return float(NUMBER.match(text)[0].replace(",", "").replace("−", "-"))


def brightness(colour: str) -> float:
    """From 0, black, to 255."""
    return sum(map(float, re.findall(r"[\d.]+", colour)[:3])) / 3


def test_nothing_is_asked_for_but_the_page_itself(reader, page) -> None:
    reader.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    reader.run("scrollTo(0, document.body.scrollHeight)")
    asked = [url for url in reader.requests() if not url.startswith("data:image/")]
    assert asked == [page.as_uri()]


def test_every_link_has_its_target(reader, page) -> None:
    links = reader.run("return [...document.querySelectorAll('a[href]')].map((link) => link.getAttribute('href'))")
    places = set(reader.run("return [...document.querySelectorAll('[id]')].map((place) => place.id)"))
    inside = {link[1:] for link in links if link.startswith("#")}
    assert len(inside) > 10
    assert inside <= places
    files = {link for link in links if not link.startswith("#")}
    assert any(link.endswith("record.json") for link in files)
    assert {link for link in files if ":" in link} == set()
    assert {link for link in files if not (page.parent / link).is_file() and not link.endswith(".csv")} == set()


SORTED = """
return [...document.querySelectorAll('thead button')].map((button) => {
  const heading = button.closest('th'), table = button.closest('table');
  const read = () => [...table.tBodies[0].rows].map((row) => row.cells[heading.cellIndex].textContent.trim());
  const orders = [[heading.ariaSort, read()]];
  for (const time of [1, 2, 3]) { button.click(); orders.push([heading.ariaSort, read()]); }
  return [heading.textContent.trim(), orders];
})"""


def test_the_contents_lead_to_their_places_at_once(reader) -> None:
    script = """
        const link = [...document.querySelectorAll("nav a")][arguments[0]];
        link.click();
        const place = document.getElementById(decodeURIComponent(link.hash.slice(1))).getBoundingClientRect();
        const end = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
        return [link.hash, place.top, end];
    """
    count = reader.run("return document.querySelectorAll('nav a').length")
    assert count > 20
    for number in range(count):
        name, top, end = reader.run(script, number)
        assert end or abs(top) < 100, name


def test_every_column_sorts_up_and_down_and_back(reader) -> None:
    columns = reader.run(SORTED)
    assert len(columns) > 20
    numeric = 0
    for name, ((_, plain), (up, rising), (down, falling), (_, again)) in columns:
        assert (up, down) == ("ascending", "descending"), name
        assert sorted(plain) == sorted(rising) == sorted(falling), name
        assert again == plain, name
        if all(map(NUMBER.match, plain)):
            numbers = sorted(map(number, plain))
            numeric += len(set(numbers)) > 1
            assert list(map(number, rising)) == numbers, name
            assert list(map(number, falling)) == numbers[::-1], name
    assert numeric > 5


def test_words_among_numbers_stay_last_both_ways(reader) -> None:
    mixed = [
        (name, orders)
        for name, orders in reader.run(SORTED)
        if 0 < sum(bool(NUMBER.match(text)) for text in orders[0][1]) < len(orders[0][1])
    ]
    checked = 0
    for name, (_, (_, rising), (_, falling), _) in mixed:
        if not any(re.match(r"\W*[\d.]", text) and not NUMBER.match(text) for text in rising):  # "0: 8.6" and such
            checked += 1
            for order in (rising, falling):
                numbers = [bool(NUMBER.match(text)) for text in order]
                assert numbers == sorted(numbers, reverse=True), name
    assert checked


def test_a_filter_leaves_the_rows_that_have_the_words(reader) -> None:
    def rows() -> list[str]:
        shown = "[...document.querySelectorAll('#cells tbody tr')].filter((row) => row.checkVisibility())"
        return reader.run(f"return {shown}.map((row) => row.textContent)")

    box = reader.all("#cells input")[0]
    everything = rows()
    box.send_keys("LSGAN diverged")
    assert len(everything) == CELLS
    assert len(rows()) == 1
    assert "lsgan" in rows()[0]
    assert reader.all("#cells output")[0].text == f"1 of {CELLS} rows"
    reader.press(*["BACKSPACE"] * len("LSGAN diverged"))
    assert rows() == everything


def test_a_loss_in_a_table_leads_to_its_cells(reader) -> None:
    link = next(link for link in reader.all("#summary td a, #summary th a") if link.text == "wgangp")
    reader.run("arguments[0].click()", link)
    shown = "[...document.querySelectorAll('#cells tbody tr')].filter((row) => row.checkVisibility())"
    found = reader.wait(
        lambda: len(names := reader.run(f"return {shown}.map((row) => row.textContent)")) == 2 and names
    )
    assert found
    assert all("wgangp" in row for row in found)


def test_the_slider_moves_the_samples_through_the_training(reader) -> None:
    def frames() -> list[str]:
        return reader.run("return [...document.querySelectorAll('.film .strip img:not([hidden])')].map((i) => i.src)")

    (slider,) = reader.all(".film input[type=range]")
    reader.run("arguments[0].focus()", slider)
    seen = [frames()]
    for key, step in (("LEFT", 250), ("HOME", 0), ("END", 500)):
        reader.press(key)
        seen.append(frames())
        assert reader.all(".film output")[0].text == str(step)
        assert slider.get_attribute("aria-valuetext") == f"step {step}"
    last, middle, first, again = seen
    assert len(last) == len(middle) == len(first) == 3
    assert last == again
    assert not set(last) & set(middle) | set(middle) & set(first)
    assert reader.run("return [...document.querySelectorAll('.film img')].every((i) => i.naturalWidth > 0)")


def test_the_samples_play_and_pause(reader) -> None:
    (play,) = reader.all(".film .play")
    reader.run("arguments[0].click()", play)
    assert play.get_attribute("aria-pressed") == "true"
    assert reader.wait(lambda: reader.all(".film output")[0].text == "250")
    reader.run("arguments[0].click()", play)
    assert play.get_attribute("aria-pressed") == "false"


def test_themes_change_every_colour_and_paper_is_always_light(reader) -> None:
    ink = f"return [{BODY}.color, ...[...document.querySelectorAll('svg text')].map((t) => getComputedStyle(t).fill)]"
    light, black = theme(reader, "light"), reader.run(ink)
    dark, white = theme(reader, "dark"), reader.run(ink)
    assert brightness(light) > 240
    assert brightness(dark) < 60
    assert len(black) == len(white) > 100
    dim = [pair for pair in zip(black, white, strict=True) if max(map(brightness, pair)) < 100]
    assert dim == []
    reader.emulate("print")
    assert reader.run(ink) == black
    assert brightness(reader.run(f"return {BODY}.backgroundColor")) > 240
    shown = "[...document.querySelectorAll('p button, input, select, nav')].filter((each) => each.checkVisibility())"
    assert reader.run(f"return {shown}.length") == 0


def test_the_system_decides_on_the_theme_until_the_reader_does(reader) -> None:
    theme(reader, "auto")
    reader.emulate(prefers_color_scheme="dark")
    assert brightness(reader.run(f"return {BODY}.backgroundColor")) < 60
    assert brightness(theme(reader, "light")) > 240
    theme(reader, "auto")


def test_a_verdict_is_copied_with_its_passport_and_bibtex(reader, page) -> None:
    reader.tell("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    (button, *_) = reader.all("[data-copy]")
    button.click()
    assert reader.wait(lambda: reader.all("#told")[0].text == "Copied.")
    read = "const done = arguments[0]; navigator.clipboard.readText().then(done, (e) => done('failed: ' + e))"
    copied = reader.driver.execute_async_script(read)
    words = set(re.findall(r"[a-z]+", reader.all(".verdicts li")[0].text))
    assert len(words & set(re.findall(r"[a-z]+", copied.splitlines()[0]))) > 10
    assert "@software{" in copied
    assert "n_real: 360" in copied


def test_where_a_page_may_not_copy_the_text_is_selected(reader) -> None:
    reader.run("Object.defineProperty(navigator, 'clipboard', {value: undefined})")
    reader.all("[data-copy]")[0].click()
    area = reader.wait(
        lambda: reader.run("return document.activeElement.matches('textarea') && document.activeElement")
    )
    assert area
    selected = reader.run("const a = arguments[0]; return a.value.slice(a.selectionStart, a.selectionEnd)", area)
    assert "@software{" in selected
    reader.press("ESCAPE")
    assert not reader.run("return document.querySelector('dialog').open")


def test_the_keyboard_reaches_everything_in_the_order_of_the_page(reader) -> None:
    reader.run(
        "window.been = []; addEventListener('focusin', (event) => been.push(event.target));"
        "document.activeElement.blur(); scrollTo(0, 0)"
    )
    stops = reader.run(
        "return [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]"
        ".filter((each) => each.checkVisibility({visibilityProperty: true})).length"
    )
    reader.press(*["TAB"] * stops)
    assert reader.run("return been[0].matches('.skip')")
    for selector in ("#theme", ".copy", "thead button", "input[type=search]", "input[type=range]", ".play", "#bibtex"):
        assert reader.run("return been.some((each) => each.matches(arguments[0]))", selector), selector
    backward = "been[i - 1].compareDocumentPosition(each) & Node.DOCUMENT_POSITION_PRECEDING"
    assert reader.run(f"return been.slice(0, {stops}).filter((each, i) => i && {backward}).length") == 0


def test_enter_sorts(reader) -> None:
    button = reader.all("#cells thead button")[0]
    reader.run("arguments[0].focus()", button)
    reader.press("ENTER")
    assert reader.run("return arguments[0].closest('th').ariaSort", button) == "ascending"
    assert reader.run("return document.activeElement === arguments[0]", button)


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_no_barrier_of_weight_in_either_theme(visitor, page, width) -> None:
    visitor.open(page, width)
    visitor.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert visitor.violations("serious", "critical") == []
    for name in ("light", "dark"):
        theme(visitor, name)
        assert visitor.pale("serious", "critical") == [], name
    theme(visitor, "auto")


def test_a_phone_shows_the_page_without_scrolling_sideways(phone) -> None:
    assert phone.run("return document.documentElement.clientWidth") == PHONE
    phone.run("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert phone.run("return document.documentElement.scrollWidth") == PHONE
    assert phone.complaints() == []


def test_without_scripts_everything_is_there(visitor, page) -> None:
    visitor.tell("Emulation.setScriptExecutionDisabled", value=True)
    try:
        visitor.open(page, DESK)
    finally:
        visitor.tell("Emulation.setScriptExecutionDisabled", value=False)
    shown = "[...document.querySelectorAll(arguments[0])].filter((each) => each.checkVisibility()).length"
    assert visitor.run(f"return {shown}", "#cells tbody tr") == CELLS
    assert visitor.run(f"return {shown}", ".film .strip img") == 3
    assert visitor.run(f"return {shown}", "noscript p") == 1
    assert visitor.run(f"return {shown}", "button, input, select") == 0
    assert visitor.run("return document.documentElement.scrollWidth <= innerWidth")
