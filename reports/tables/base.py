"""What a table is: a CSV file with everything, and Markdown with what a reader needs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from benchmarks.records import STATUSES
from reports.loading import Cell
from reports.numbering import Numbering
from reports.panels import Panel
from reports.reading import UNREADABLE
from reports.text import escape, local, markdown

Row = dict[str, Any]
WIDE = 8
DIGITS = "%.10g"  # more would differ from one processor to the next, and say nothing


@dataclass(frozen=True, eq=False)
class Section:
    """A part of a table as a reader sees it, in plain text: each format escapes for itself.

    Attributes:
        title: its heading; "" for none.
        header: the columns' names.
        rows: as many texts or counts each.
        note: what stands below it.
        wide: whether Markdown cuts it into several, `WIDE` columns after the first in each, so that a page can show it.
        panel: whose losses the rows or columns are.
        unlike: whether rows are of use by what differs in them from column to column.
    """

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""
    wide: bool = False
    panel: Panel | None = None
    unlike: bool = False

    @property
    def markdown(self) -> str:
        """The table or tables under the heading."""
        columns = WIDE if self.wide else max(1, len(self.header))
        starts = range(1, max(2, len(self.header)), columns)
        parts = [[[line[0], *line[start : start + columns]] for line in (self.header, *self.rows)] for start in starts]
        words = [f"#### {escape(self.title)}"] if self.title else []
        words += [markdown(part[0], part[1:]) for part in parts] + ([escape(self.note)] if self.note else [])
        return "\n\n".join(words) + "\n"


@dataclass(frozen=True, eq=False)
class Table:
    """A table of the report.

    Attributes:
        name: the CSV file's name without suffix.
        title: its heading.
        sections: what a reader sees of it.
        frame: what stands in the CSV file.
        note: how to read it, one or two sentences of Markdown.
        empty: what is said where there is no section.
    """

    name: str
    title: str
    sections: Sequence[Section]
    frame: pd.DataFrame
    note: str = ""
    empty: str = ""

    @property
    def markdown(self) -> str:
        """All sections, one or several Markdown tables each."""
        return "\n".join(part.markdown for part in self.sections) or f"{self.empty}\n"

    def csv(self) -> str:
        """The CSV file's text; numbers have ten digits."""
        return str(self.frame.map(_rounded).to_csv(index=False, lineterminator="\n"))


def _rounded(value: Any) -> Any:
    return DIGITS % value if isinstance(value, float) else value


def section(
    title: str, header: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "", panel: Panel | None = None
) -> Section:
    """A section that Markdown shows in one piece."""
    return Section(title, header, rows, note, panel=panel)


def wide_section(
    title: str, header: Sequence[str], rows: Sequence[Sequence[Any]], note: str = "", panel: Panel | None = None
) -> Section:
    """A section that may have many columns."""
    return Section(title, header, rows, note, wide=True, panel=panel)


def names_of(panel: Panel) -> Row:
    """The columns that say which panel a row of a CSV file belongs to."""
    return {"task": panel.task, "data": local(panel.data), "recipe": panel.recipe, "note": local(panel.note)}


def make_frame(rows: Sequence[Row], columns: Iterable[str] = (), absent: str = "not measured") -> pd.DataFrame:
    """A frame of all columns that any row has, after `columns`; what a row lacks is `absent`, not left blank.

    Example:
        >>> print(make_frame([{"loss": "bce", "kid": 0.5}, {"loss": "wgan", "kid": None}]))
           loss           kid
        0   bce           0.5
        1  wgan  not measured
    """
    names = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    filled = [[absent if row.get(name) is None else row[name] for name in names] for row in rows]
    return pd.DataFrame(filled, columns=names, dtype=object)


def absent_from(numbering: Numbering) -> str:
    """What stands in a row that has not got a column, where columns may be of one passport."""
    return "not measured with this passport" if numbering.several else "not measured"


def why_missing(cells: Sequence[Cell]) -> str:
    """What stands in place of a value that no cell has.

    Example:
        >>> why_missing([])
        'no cell'
    """
    statuses = sorted({cell.status for cell in cells if not cell.scored})
    return "/".join(statuses) or ("not measured" if cells else "no cell")


def counted(cells: Sequence[Cell]) -> str:
    """How many of the cells stand in medians, and what went wrong with any of them, those that stand in them too.

    Example:
        >>> from pathlib import Path
        >>> folder = Path("seed0")
        >>> cells = [Cell("t", "d", "r", "l", 0, {"status": name}, folder) for name in ("done", "collapsed", "diverged")]
        >>> counted(cells)
        '2 of 3 (1 collapsed, 1 diverged)'
    """
    statuses = [cell.status for cell in cells]
    wrong = [f"{statuses.count(name)} {name}" for name in (*STATUSES[1:], UNREADABLE) if name in statuses]
    shown = f"{sum(cell.scored for cell in cells)} of {len(cells)}"
    return f"{shown} ({', '.join(wrong)})" if wrong else shown
