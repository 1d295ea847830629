"""Tables as the page shows them: what each cell says, is sorted by, leads to and differs in."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from reports.document import group_anchor
from reports.html.sorting import key_of, spelled
from reports.tables.base import Section
from reports.text import local

Find = Callable[[str], tuple[str, str]]
LONGEST = 500  # rows of a table; those behind are in its file
BROAD = 9  # columns up to which a sheet of paper holds a table at full size
LONG_WORD, LONG_TEXT = 32, 44  # letters from which a word may be broken, a text wrapped


@dataclass(frozen=True)
class Entry:
    """A cell of a table, or a column's heading.

    Attributes:
        text: what it says.
        key: the number it is sorted by, where that is not its text.
        link: the place it leads to; "" for none.
        swatch: the class of its colour; "" for none.
        classes: of its element.
    """

    text: str
    key: str | None = None
    link: str = ""
    swatch: str = ""
    classes: str = ""


@dataclass(frozen=True)
class Shown:
    """A section as a table of the page.

    Attributes:
        title: its caption.
        label: what tells it apart from all other tables.
        hidden: whether the caption is for screen readers alone, for the heading above says the same.
        header: one per column.
        rows: the first entry of each names the row.
        note: below it.
        unlike: whether what differs within a row is marked.
    """

    title: str
    label: str
    hidden: bool
    header: Sequence[Entry]
    rows: Sequence[Sequence[Entry]]
    note: str
    unlike: bool

    @property
    def classes(self) -> str:
        """Of the element: whether values are marked, whether there are more columns than paper is wide."""
        return " ".join(["unlike"] * self.unlike + ["broad"] * (len(self.header) > BROAD))


@dataclass(frozen=True)
class Links:
    """What a loss's name brings with it.

    Attributes:
        swatches: loss -> class of its colour.
        groups: the places that the page has.
    """

    swatches: Mapping[str, str]
    groups: Collection[str]

    def of(self, section: Section) -> Find:
        """Text -> (place, swatch), which are "" where it is no loss of the section."""
        losses = frozenset(section.panel.losses if section.panel else ())

        def found(text: str) -> tuple[str, str]:
            if section.panel is None or text not in losses:
                return "", ""
            place = group_anchor(section.panel, text)
            return (f"#{place}" if place in self.groups else ""), self.swatches.get(text, "")

        return found


def shown(section: Section, links: Links, chapter: str) -> Shown:
    """A section with its cells told apart.

    Args:
        section: in plain text.
        links: of losses.
        chapter: the heading that it stands under, which names it where it has no title.
    """
    find = links.of(section)
    rows = [[str(item) for item in row] for row in section.rows[:LONGEST]]
    odd = [_odd(row) if section.unlike else set() for row in rows]
    header = [str(name) for name in section.header]
    if section.panel and {*header[1:]} <= {*section.panel.losses} and len(header) > len(rows) + 1:
        header, rows, odd = _turned(header, rows, odd)
    numeric = [_numeric([row[place] for row in rows if place < len(row)]) for place in range(len(header))]
    marks = ["n" if place and number else "" for place, number in enumerate(numeric)]
    headings = [_entry(name, find, mark) for name, mark in zip(header, marks, strict=True)]
    lines = [_line(row, marks, places, find) for row, places in zip(rows, odd, strict=True)]
    title = local(section.title or chapter)
    label = f"{chapter}: {title}" if section.title else title
    left = len(section.rows) - LONGEST
    note = f"{section.note} {left:,} more rows are in the CSV file." if left > 0 else section.note
    return Shown(title, label, not section.title, headings, lines, local(note), section.unlike)


def _turned(
    header: list[str], rows: list[list[str]], odd: list[set[int]]
) -> tuple[list[str], list[list[str]], list[set[int]]]:
    """Losses as rows, where they are columns and more than there are rows: a page is higher than it is wide."""
    turned = [list(column) for column in zip(header, *rows, strict=True)]
    marked = [{number + 1 for number, places in enumerate(odd) if place in places} for place in range(len(header))]
    return ["loss", *turned[0][1:]], turned[1:], marked[1:]


def _line(row: Sequence[str], marks: Sequence[str], odd: Collection[int], find: Find) -> list[Entry]:
    """A row's cells; those in the first two columns may name a loss."""
    own = [mark + (" odd" if place in odd else "") for place, mark in enumerate(marks)]
    return [_entry(text, find if place < 2 else _none, own[place]) for place, text in enumerate(row)]


def columns_of(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Entry]:
    """Headings that lead nowhere, aligned as what stands below them."""
    numeric = [_numeric([row[place] for row in rows]) for place in range(len(names))]
    return [_entry(name, _none, "n" if number else "") for name, number in zip(names, numeric, strict=True)]


def entries_of(row: Sequence[str], columns: Sequence[Entry]) -> list[Entry]:
    """A row of cells that lead nowhere, aligned as the headings of their columns."""
    marks = ["n" if "n" in column.classes.split() else "" for column in columns]
    return [_entry(text, _none, mark) for text, mark in zip(row, marks, strict=True)]


def _none(text: str) -> tuple[str, str]:
    return "", ""


def _entry(text: str, find: Find, mark: str) -> Entry:
    link, swatch = find(text)
    words = local(text)
    classes = [mark.strip()] if mark.strip() else []
    classes += ["long"] if max(map(len, words.split()), default=0) > LONG_WORD else []
    classes += ["words"] if len(words) > LONG_TEXT else []
    return Entry(words, spelled(words), link, swatch, " ".join(classes))


def _numeric(column: Sequence[str]) -> bool:
    """Whether most of a column are numbers, which are then aligned at the right."""
    return sum(key_of(text) is not None for text in column) * 2 > len(column)


def _odd(row: Sequence[str]) -> set[int]:
    """The places whose value is not the row's most frequent one; all places where no value is there twice.

    Example:
        >>> sorted(_odd(["n_critic", "1", "1", "5"])), sorted(_odd(["n_critic", "1", "5"]))
        ([3], [1, 2])
    """
    (usual, count), *_ = Counter(row[1:]).most_common(1) or [("", 0)]
    return {place for place, text in enumerate(row) if place and (text != usual or count == 1)}
