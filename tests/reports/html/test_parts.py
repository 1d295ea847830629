"""Parts of the page: colours, figures, sorting, prose."""

import base64
import io
import re
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from reports.document import Picture
from reports.figures.style import KNOWN, OTHERS
from reports.html.colours import PAPER, contrast, dark, oklab
from reports.html.embedded import lighter
from reports.html.paths import short
from reports.html.pictures import picture_of
from reports.html.prose import prose, sentence
from reports.html.sorting import key_of
from reports.html.svg import FigureError, Styles, inline
from tests.reports.html.documents import draw

EVERY = [*KNOWN.values(), *OTHERS, "#666666", "#444444", "#888888"]


def wcag(first: str, second: str) -> float:
    """WCAG's contrast, from its text: https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""

    def light(colour: str) -> float:
        parts = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
        linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    bright, dim = max(light(first), light(second)), min(light(first), light(second))
    return (bright + 0.05) / (dim + 0.05)


@pytest.mark.parametrize("colour", EVERY)
def test_marks_can_be_seen_on_dark_paper(colour: str) -> None:
    assert wcag(dark(colour), PAPER) >= 3
    assert contrast(dark(colour), PAPER) == pytest.approx(wcag(dark(colour), PAPER))


@pytest.mark.parametrize("colour", [*KNOWN.values(), *OTHERS])
def test_a_hue_stays_itself_in_the_dark(colour: str) -> None:
    (_, a, b), (_, other_a, other_b) = oklab(colour), oklab(dark(colour))
    if np.hypot(a, b) > 0.03:
        turned = np.angle(complex(a, b) / complex(other_a, other_b), deg=True)
        assert abs(turned) < 4


def test_losses_can_be_told_apart_in_the_dark() -> None:
    distances = [
        np.linalg.norm(np.subtract(oklab(dark(x)), oklab(dark(y)))) for x, y in combinations(KNOWN.values(), 2)
    ]
    assert min(distances) > 0.06


def points(data: str) -> list[tuple[float, float]]:
    """The corners of a path of M, L, l and z, followed as SVG has it."""
    found: list[tuple[float, float]] = []
    for letter, rest in re.findall(r"([MLlz])([^MLlz]*)", data):
        numbers = [float(part) for part in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", rest)]
        for x, y in zip(numbers[::2], numbers[1::2], strict=True):
            found.append((found[-1][0] + x, found[-1][1] + y) if letter == "l" else (x, y))
    return found


def test_short_paths_go_through_the_same_points() -> None:
    random = np.random.default_rng(0)
    corners = np.cumsum(random.normal(size=(400, 2)), axis=0) * 3
    data = "M " + " \nL ".join(f"{x:.6f} {y:.6f}" for x, y in corners) + " \nz"
    assert len(short(data)) < 0.55 * len(data)
    np.testing.assert_allclose(points(short(data)), corners, atol=0.0051)


def test_after_a_closed_path_lines_go_on_from_its_beginning() -> None:
    assert short("M 1 1 L 5 5 z L 2 1") == "M1 1l4 4zl1 0"


def test_other_paths_are_left_alone() -> None:
    assert short("m 1.239 2 h 3") == "m 1.239 2 h 3"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("figures")
    draw(found, ["one", "two"], "a < b & c")
    return found


def test_figures_share_no_ids_and_point_to_their_own(folder: Path) -> None:
    styles = Styles()
    shown = [picture_of(Picture(name, 'say "<b>"'), folder, place, styles) for place, name in enumerate(("one", "two"))]
    ids = [set(re.findall(r' id="([^"]*)"', text)) for text in shown]
    assert ids[0]
    assert not ids[0] & ids[1]
    for text, own in zip(shown, ids, strict=True):
        assert set(re.findall(r'(?:href="|url\()#([^")]*)', text)) == own
        assert ElementTree.fromstring(text).get("aria-label") == 'say "<b>"'
        assert "a &lt; b &amp; c" in text
        assert "metadata" not in text
        assert "data:image/png;base64," in text


def test_colours_follow_the_page(folder: Path) -> None:
    styles = Styles()
    picture_of(Picture("one", "x"), folder, 0, styles)
    assert "#332288" not in styles.rules()
    assert "var(--h-332288)" in styles.rules()
    assert "--h-332288:#332288" in styles.light()
    assert f"--h-332288:{dark('#332288')}" in styles.dark()
    assert "--h-ffffff:var(--paper)" in styles.dark()


def test_an_svg_keeps_its_lines_and_loses_its_weight(folder: Path) -> None:
    original = (folder / "one.svg").read_text()
    shown = inline(original, "x", "f", Styles())
    assert len(shown) < 0.5 * len(original)
    for tag in ("use", "text", "image"):
        assert shown.count(f"<{tag}") == original.count(f"<{tag}")


@pytest.mark.parametrize(
    "evil",
    [
        "<script>alert(1)</script>",
        '<path d="M 0 0" onload="alert(1)"/>',
        '<image href="http://evil.example/x.png"/>',
        '<use href="other.svg#a"/>',
        "<foreignObject><p>x</p></foreignObject>",
        '<path d="M 0 0" style="fill: url(http://evil.example/x)"/>',
        '<a href="javascript:alert(1)"><text>x</text></a>',
        "<style>@import 'http://evil.example'</style>",
    ],
)
def test_a_tampered_figure_brings_nothing_in(evil: str) -> None:
    styles = Styles()
    shown = inline(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9">{evil}</svg>', "x", "f", styles)
    assert not re.search("alert|evil|other|foreign|import|<p>|<a", shown + styles.rules())


@pytest.mark.parametrize("text", ["", "<svg", '<svg viewBox="0 0 9"/>', "<svg/>"])
def test_what_is_no_figure_is_refused(text: str) -> None:
    with pytest.raises(FigureError):
        inline(text, "x", "f", Styles())


def test_a_figure_that_is_heavy_or_broken_is_shown_as_its_png(folder: Path, tmp_path: Path) -> None:
    small = (folder / "one.png").read_bytes()
    heavy = "".join(f'<text x="{place}" y="1">word {place}</text>' for place in range(9000))
    for name, text in {"heavy": f'<svg viewBox="0 0 9 9">{heavy}</svg>', "broken": "<svg"}.items():
        (tmp_path / f"{name}.png").write_bytes(small)
        (tmp_path / f"{name}.svg").write_text(text)
    (tmp_path / "light.png").write_bytes(small[:50])
    (tmp_path / "light.svg").write_bytes((folder / "one.svg").read_bytes())
    (tmp_path / "alone.svg").write_text(f'<svg viewBox="0 0 9 9">{heavy}</svg>')
    styles = Styles()
    found = {
        name: picture_of(Picture(name, "x"), tmp_path, 1, styles)
        for name in ("heavy", "broken", "alone", "light", "none")
    }
    assert [text[:4] for text in found.values()] == ["<img", "<img", "<svg", "<svg", "<p>T"]


@pytest.mark.parametrize(
    ("texts", "convert"),
    [
        (
            [
                "-7.04e-06 ± 0.01",
                "0",
                "0.5 [0.1, 2]",
                "1.70 × [1, 2]",
                "12 of 14 (2 stalled)",
                "99 %",
                "1,230",
                "2e+06",
            ],
            float,
        ),
        (
            ["not measured", "bce", "", "nan", "16x16", "1.2.3", "0: 8.6, 1: 9.5", "12ab", "no cell", "e5", "stalled"],
            None,
        ),
    ],
)
def test_numbers_are_sorted_by_size_and_words_have_none(
    texts: list[str], convert: Callable[[str], float] | None
) -> None:
    keys = [key_of(text) for text in texts]
    if convert:
        assert keys == sorted(keys)  # type: ignore[type-var]
    else:
        assert set(keys) == {None}


@pytest.mark.parametrize(
    "text",
    [
        "![a](http://x.y/z.png)",
        "[a](javascript:alert(1))",
        "[a](//x.y)",
        "<http://x.y>",
        "<b onclick=x>",
        "# a",
        "[a](HTTP://x)",
    ],
)
def test_prose_holds_no_markup_of_its_own_and_leads_nowhere_outside(text: str) -> None:
    for shown in (prose(text), sentence(text)):
        assert not re.search(r"<(?!/?(p|em|strong)\b)", shown)


def test_what_lies_on_a_coloured_cell_keeps_its_colour_in_the_dark() -> None:
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10">'
        '<g id="literal-0-1"><text style="fill: #000000">0.50</text></g><text style="fill: #000001">name</text></svg>'
    )
    styles = Styles()
    shown = inline(text, "words", "f1", styles)
    assert "0.50" in shown
    assert list(styles.colours) == ["#000001"]
    assert set(styles.classes) == {"fill:#000000", "fill:var(--h-000001)"}


def test_a_photograph_in_a_figure_takes_fewer_bytes_and_a_heat_map_stays_exact() -> None:
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 255, (20, 20, 3), dtype=np.uint8))
    photograph = coarse.resize((400, 400), Image.Resampling.BICUBIC)

    def address(picture: Image.Image) -> str:
        file = io.BytesIO()
        picture.save(file, "PNG")
        return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"

    found = lighter(address(photograph))
    assert 4 * len(found) < len(address(photograph))
    shown = Image.open(io.BytesIO(base64.b64decode(found.partition(",")[2]))).convert("RGB")
    difference = np.abs(np.asarray(shown, dtype=float) - np.asarray(photograph, dtype=float))
    assert difference.mean() < 4  # grey levels of 255
    assert lighter(address(coarse)) == address(coarse)
    clear = photograph.convert("RGBA")
    clear.putpixel((0, 0), (0, 0, 0, 0))
    assert lighter(address(clear)) == address(clear)
    broken = "data:image/png;base64," + 50_000 * "A"
    assert lighter(broken) == broken
