"""The list of all cells: a row each, and a place for each group that tables lead to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from benchmarks.records import STATUSES
from reports.document import Document, Trained
from reports.html.tables import Entry, columns_of, entries_of
from reports.text import local

DONE = STATUSES[0]
OWN = ("loss", "seed", "status")
MOST = 3000  # rows, which a browser lays out in a second or two


@dataclass(frozen=True)
class Row:
    """A cell of the run.

    Attributes:
        anchor: the place of its group, on the group's first row; "" on all others.
        group: its group's number; None for a cell of no group.
        name: its id, or the path of its record where there is no link.
        link: to its record; "" where the page lies elsewhere.
        swatch: the class of its loss's colour.
        wrong: whether it ended otherwise than it should.
        entries: `OWN` and what was measured.
    """

    anchor: str
    group: int | None
    name: str
    link: str
    swatch: str
    wrong: bool
    entries: Sequence[Entry]


def chosen(cells: Sequence[Trained], most: int = MOST) -> Sequence[Trained]:
    """The cells that a page lists, in their order: so many at most, those that went wrong before all others.

    Example:
        >>> cells = [Trained(str(n), "g", "bce", n, how, (), "p") for n, how in enumerate(("done", "done", "stalled"))]
        >>> [cell.seed for cell in chosen(cells, 2)]
        [0, 2]
    """
    if len(cells) <= most:
        return cells
    ranked = sorted(range(len(cells)), key=lambda place: cells[place].status == DONE)
    return [cells[place] for place in sorted(ranked[:most])]


def rows_of(document: Document, swatches: Mapping[str, str]) -> tuple[list[Entry], list[Row]]:
    """The headings after the first, and a row per cell in the document's order."""
    texts = [[cell.loss, str(cell.seed), cell.status, *cell.values] for cell in document.cells]
    columns = columns_of([*OWN, *document.columns], texts)
    groups: dict[str, int] = {}
    found = []
    for cell, line in zip(document.cells, texts, strict=True):
        anchor = cell.group if cell.group and cell.group not in groups else ""
        number = groups.setdefault(cell.group, len(groups)) if cell.group else None
        entries = entries_of(line, columns)
        name = local(cell.identity if cell.link else cell.path)
        swatch = swatches.get(cell.loss, "")
        found.append(Row(anchor, number, name, _address(cell), swatch, cell.status != DONE, entries))
    return columns, found


def _address(cell: Trained) -> str:
    address = quote(cell.link, safe="/") if cell.link else ""
    return f"./{address}" if address.startswith("/") else address


def tally(cells: Sequence[Trained]) -> list[tuple[str, int]]:
    """How many cells ended how: those that are done first, then what went wrong, by how often.

    Example:
        >>> tally([Trained(str(n), "g", "bce", n, how, (), "p") for n, how in enumerate(("stalled", "done", "done"))])
        [('done', 2), ('stalled', 1)]
    """
    counts = Counter(cell.status for cell in cells)
    return sorted(counts.items(), key=lambda pair: (pair[0] != DONE, -pair[1], pair[0]))
