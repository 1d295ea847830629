"""index.html: the whole report as one file that needs no network, from a document and the files of its figures."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from reports.document import Document, Drawing, Line, Picture
from reports.html.anchors import Anchors
from reports.html.cells import chosen, rows_of, tally
from reports.html.copies import copies
from reports.html.films import reel
from reports.html.pictures import picture_of, weight
from reports.html.prose import parted, prose, sentence
from reports.html.svg import Styles
from reports.html.tables import LONGEST, Links, Shown, shown
from reports.tables.base import Table
from reports.text import local

HERE = Path(__file__).parent
# What HTML cannot hold, and halves of letters that no file can.
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
FIRST = 8  # verdicts that stand open; of more, the others are unfolded
# What one page can hold and a browser still opens; what is beyond stands beside it, and a notice says so.
HEAVIEST = 24_000_000  # bytes of figures, from which on there are
FIGURES = 6  # of each kind
FILMS = 6
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
    cells, most = chosen(document.cells), room(document.drawings, figures)
    links = Links(swatches, {cell.group for cell in cells if cell.group})
    plates = _plates(document.drawings, figures, anchors, styles, most)
    columns, rows = rows_of(replace(document, cells=cells), swatches)
    films = document.films[:FILMS]
    document = replace(document, notices=[*document.notices, *_left_out(document, len(cells), most)])
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
            reels=[reel(film, anchors, swatches) for film in films],
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


def room(drawings: Sequence[Drawing], folder: Path) -> int | None:
    """How many figures of each kind stand in the page; None for all of them, which they are up to `HEAVIEST` bytes."""
    every = sum(weight(picture, folder) for drawing in drawings for picture in drawing.pictures)
    return None if every <= HEAVIEST else FIGURES


def _left_out(document: Document, cells: int, figures: int | None) -> Iterator[str]:
    """What a page has no room for, a sentence each."""
    if figures is not None and any(len(drawing.pictures) > figures for drawing in document.drawings):
        yield f"So many figures would be too much for one page: of each kind the first {figures} are in it, all others are files beside it."
    if len(document.films) > FILMS:
        yield f"Of {len(document.films)} films the first {FILMS} are in this page; the figures of samples show the last frames of all."
    if len(document.cells) > cells:
        yield (
            f"The list of cells holds {cells:,} of {len(document.cells):,}, those that went wrong before all others; "
            "every one stands in [seeds.csv](tables/seeds.csv), but for trials."
        )
    if any(len(part.rows) > LONGEST for table in document.tables for part in table.sections):
        yield f"Of tables of more than {LONGEST} rows the first are here, and all in the CSV files."


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


def _plates(
    drawings: Sequence[Drawing], folder: Path, anchors: Anchors, styles: Styles, most: int | None = None
) -> list[Plate]:
    """The figures by kind, numbered through the page, `most` of each; kinds with nothing to say are left out."""
    found, number = [], 0
    for drawing in drawings:
        figures = []
        for place, picture in enumerate(drawing.pictures):
            number += 1
            within = most is None or place < most
            element = (
                picture_of(picture, folder, number, styles) if within else "<p>Not in this page: open its file.</p>"
            )
            figures.append((number, picture, Markup(element)))
        if figures or drawing.missing:
            found.append(Plate(anchors.new("figure", drawing.name), drawing, figures))
    return found
