"""index.html: the whole report as one file that needs no network, from a document and the files of its figures."""

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.document import Document, Drawing, Line, Picture
from reports.html.anchors import Anchors
from reports.html.cells import rows_of, tally
from reports.html.copies import copies
from reports.html.films import reel
from reports.html.pictures import picture_of
from reports.html.prose import parted, prose, sentence
from reports.html.svg import Styles
from reports.html.tables import Links, Shown, shown
from reports.tables.base import Table
from reports.text import local

HERE = Path(__file__).parent
# What HTML cannot hold, and halves of letters that no file can.
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FIRST = 8  # verdicts that stand open; of more, the others are unfolded
FILTERED = 8  # rows from which a table has something to filter


@dataclass(frozen=True)
class Chapter:
    """A table of the report.

    Attributes:
        anchor: its place.
        table: what it is.
        parts: its sections.
        count: of rows.
    """

    anchor: str
    table: Table
    parts: Sequence[Shown]
    count: int


@dataclass(frozen=True)
class Plate:
    """The figures of one kind.

    Attributes:
        anchor: its place.
        drawing: what it is.
        figures: (number in the page, picture, its element).
    """

    anchor: str
    drawing: Drawing
    figures: Sequence[tuple[int, Picture, Markup]]


@dataclass(frozen=True)
class Verdicts:
    """The verdicts on a panel, each with its number in the page.

    Attributes:
        title: the panel's; "" for none.
        shown: that stand open.
        folded: the others.
    """

    title: str
    shown: Sequence[tuple[int, Line]]
    folded: Sequence[tuple[int, Line]]


def as_html(document: Document, figures: Path, looks: Mapping[str, str] | None = None) -> str:
    """The page.

    Args:
        document: what it says.
        figures: the folder with NAME.svg and NAME.png of every picture.
        looks: loss -> "#rrggbb", its colour in the figures.

    Returns:
        HTML in which everything is that it shows; the same for the same input.
    """
    styles, anchors = Styles(), Anchors()
    swatches = _swatches(looks or {}, styles)
    links = Links(swatches, {cell.group for cell in document.cells if cell.group})
    plates = _plates(document.drawings, figures, anchors, styles)
    columns, rows = rows_of(document, swatches)
    script = Markup((HERE / "page.js").read_text(encoding="utf-8"))
    page = (
        _environment()
        .get_template("page.html.jinja")
        .render(
            document=document,
            name=local(document.name),
            summary=[shown(part, links, "Summary") for part in document.summary],
            chapters=[_chapter(table, anchors, links) for table in document.tables],
            plates=plates,
            reels=[reel(film, anchors, swatches) for film in document.films],
            columns=columns,
            cells=rows,
            tally=tally(document.cells),
            copies=copies(document.lines),
            verdicts=_verdicts(document.lines),
            filtered=FILTERED,
            sheet=Markup((HERE / "page.css").read_text(encoding="utf-8")),
            styles=styles,
            swatches=dict.fromkeys(swatches.values()),
            script=script,
            hash=f"sha256-{b64encode(sha256(script.encode()).digest()).decode()}",
        )
    )
    return UNFIT.sub("\ufffd", page)


def _verdicts(lines: Sequence[Line]) -> list[Verdicts]:
    """The lines by panel, with as many open of each that `FIRST` of the page are, but three at least."""
    groups: dict[str, list[tuple[int, Line]]] = {}
    for number, line in enumerate(lines):
        short = replace(line, words=line.words.removeprefix(line.place)) if line.panel else line
        groups.setdefault(line.panel, []).append((number, short))
    room = max(3, FIRST // max(1, len(groups)))
    return [Verdicts(title, group[:room], group[room:]) for title, group in groups.items()]


def _environment() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    found.filters.update(prose=prose, sentence=sentence, parted=parted, local=local)
    return found


def _swatches(looks: Mapping[str, str], styles: Styles) -> dict[str, str]:
    """Loss -> class of its colour; what is no colour is left out."""
    known = {loss: colour.lower() for loss, colour in looks.items() if COLOUR.fullmatch(colour)}
    for colour in known.values():
        styles.colour(colour)
    return {loss: f"h-{colour[1:]}" for loss, colour in known.items()}


def _chapter(table: Table, anchors: Anchors, links: Links) -> Chapter:
    parts = [shown(part, links, table.title) for part in table.sections]
    return Chapter(anchors.new("table", table.name), table, parts, sum(len(part.rows) for part in parts))


def _plates(drawings: Sequence[Drawing], folder: Path, anchors: Anchors, styles: Styles) -> list[Plate]:
    """The figures by kind, numbered through the page; kinds with nothing to say are left out."""
    found, number = [], 0
    for drawing in drawings:
        figures = []
        for picture in drawing.pictures:
            number += 1
            figures.append((number, picture, Markup(picture_of(picture, folder, number, styles))))
        if figures or drawing.missing:
            found.append(Plate(anchors.new("figure", drawing.name), drawing, figures))
    return found
