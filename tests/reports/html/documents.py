"""Documents made by hand, their figures, and a reader of pages that knows nothing of how they were made."""

from collections.abc import Iterable, Sequence
from html.parser import HTMLParser
from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from reports.document import Document, Drawing, Film, Line, Picture, Strip, Trained, group_anchor
from reports.figures import save
from reports.figures.style import STYLE
from reports.panels import Panel
from reports.tables.base import Section, Table
from reports.text import escape

NAMES = ("bce", "lsgan", "wgangp")
HOSTILE = (
    "<script>alert(1)</script>",
    "\"' onload=alert(1) x='",
    "x" * 400,
    "שלום\u202egpj.\u202c",
    "🦆 & {{ 7 * 7 }} {% raw %} ]]> -->",
    "</title></style></table><img src=http://evil.example/a.png>",
    "javascript:alert(1)",
    "</script id=x <!-- <script",
    "nul \x00 bell \x07 half \ud800",
)
VOID = frozenset("meta img input br i18n link hr".split())


def draw(folder: Path, names: Iterable[str], title: str = "t") -> None:
    """Figures with lines, markers, text and a raster, as the report saves them."""
    folder.mkdir(parents=True, exist_ok=True)
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        for name in names:
            figure = Figure(figsize=(3, 2))
            lines, image = figure.subplots(1, 2)
            lines.plot([0, 1, 2], [0, 3, 1], color="#0072B2", marker="o", label=title)
            lines.plot([0, 1, 2], [2, 1, 1], color="#332288", linestyle="--")
            lines.set_title(title)
            image.imshow([[0.0, 1.0], [1.0, 0.0]])
            for suffix in ("svg", "png"):
                save(figure, folder / f"{name}.{suffix}")


def document(names: Sequence[str] = NAMES, title: str = "digits") -> Document:
    """A document that has one of everything, with the names wherever a name can stand."""
    panel = Panel("dcgan", title, "controlled", "", (), tuple(names))
    rows = [[name, f"{number} of 7", "12.3 [1, 2]", "not measured"] for number, name in enumerate(names)]
    quality = Section(f"dcgan on {title}", ["loss", "cells", "fid", "kid"], rows, title, panel=panel)
    values = ["1"] * (len(names) - 1) + ["5"]
    settings = Section("", ["setting", *names], [["n_critic", *values]], wide=True, panel=panel, unlike=True)
    tables = [
        Table("quality", "Quality", [quality], pd.DataFrame(), f"Of *{escape(title)}*."),
        Table("settings", "Settings", [settings], pd.DataFrame()),
        Table("none", "None", [], pd.DataFrame(), empty="Nothing went wrong."),
    ]
    cells = [
        Trained(
            f"{name}-{seed}", group_anchor(panel, name), name, seed, status, ["8.1"], f"{name}/record.json", "a/b.json"
        )
        for name in names
        for seed, status in enumerate(("done", "stalled"))
    ]
    lost = Trained("lost", None, names[0], 9, "failed", [title], f"{title}/record.json")
    strips = [Strip(name, title, [b"first", None, b"last" + name.encode("utf-8", "replace")]) for name in names]
    return Document(
        name=title,
        question="Which?",
        made_by=f"`python -m reports.build` of {escape(title)}",
        notices=[f"One seed of {escape(title)}."],
        lines=[
            Line(f"{escape(name)} is worse (p = 0.03).", f"{name}\n\nPassport\n\n@misc{{{title}}}") for name in names
        ],
        summary=[quality],
        paragraphs=[f"**{escape(title)}.** Text."],
        reading="- **One.** Two.\n- Three `four`.",
        tables=tables,
        drawings=[
            Drawing("seeds", "Every seed", "A *caption*.", [Picture("one", title), Picture("two", names[0])]),
            Drawing("gone", "Gone", "", [], f"No {title}."),
        ],
        films=[Film(title, [0, 50, 1200], [*strips, Strip("late", "failed", [b"a", b"b", None])], b"real")],
        columns=["fid[digits]"],
        cells=[*cells, lost],
        citation="@software{gan-losses}\n" + title,
    )


class Page(HTMLParser):
    """Elements of a page as (tag, attributes, text of its own), with what a browser would have to guess at."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.faults: list[str] = []
        self._open: list[tuple[str, int]] = []
        self.feed(text)
        self.close()
        self.faults += [f"{tag} is never closed" for tag, _ in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if len({name for name, _ in attrs}) < len(attrs):
            self.faults.append(f"{tag} has an attribute twice")
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))
        if tag not in VOID:
            self._open.append((tag, len(self.elements) - 1))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.elements[self._open[-1][1]][2].append(data)

    def all(self, *tags: str) -> list[dict[str, str]]:
        """The attributes of all elements of these tags."""
        return [attributes for tag, attributes, _ in self.elements if tag in tags]

    def texts(self, *tags: str) -> list[str]:
        """The texts of all elements of these tags."""
        return ["".join(text) for tag, _, text in self.elements if tag in tags]

    def values(self, attribute: str) -> list[str]:
        """An attribute wherever it stands."""
        return [attributes[attribute] for _, attributes, _ in self.elements if attribute in attributes]
