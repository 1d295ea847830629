"""The formats of a report. One is added by its function here and a line in `FORMATS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reports.document import Document
from reports.latex import as_latex, table_as_latex
from reports.page import as_markdown

TABLES, FIGURES = "tables", "figures"
Look = Mapping[str, str]


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        page: the file that a reader opens, in the report's folder; None where there is none.
        write: writes all of its files into the report's folder, in which the figures lie already.
        pictures: the suffixes of the figures that it needs.
        words: what it is, for `--help`.
    """

    page: str | None
    write: Callable[[Document, Path, Look], None]
    pictures: tuple[str, ...]
    words: str


def _html(document: Document, folder: Path, looks: Look) -> None:
    from reports.html.page import as_html

    _text(folder / "index.html", as_html(document, folder / FIGURES, looks))


def _markdown(document: Document, folder: Path, looks: Look) -> None:
    _text(folder / "report.md", as_markdown(document))


def _csv(document: Document, folder: Path, looks: Look) -> None:
    for table in document.tables:
        _text(folder / TABLES / f"{table.name}.csv", table.csv())


def _latex(document: Document, folder: Path, looks: Look) -> None:
    _text(folder / "report.tex", as_latex(document))
    for table in document.tables:
        _text(folder / TABLES / f"{table.name}.tex", table_as_latex(table))


def _text(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")


FORMATS: dict[str, Format] = {
    "html": Format("index.html", _html, ("svg", "png"), "one page that needs nothing beside it"),
    "md": Format("report.md", _markdown, ("svg", "png"), "Markdown with figures beside it"),
    "csv": Format(None, _csv, (), "every table in full"),
    "latex": Format("report.tex", _latex, ("pdf",), "booktabs tables, PDF figures and a document of them"),
}
USUAL = ("html", "md", "csv")
WRITTEN = tuple(each.page for each in FORMATS.values() if each.page)
