"""What a report says, before any format: every text, table, figure and film of it, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.records import digest
from reports.panels import Panel
from reports.tables.base import Section, Table


@dataclass(frozen=True)
class Line:
    """A verdict on the first screen.

    Attributes:
        words: a sentence of Markdown.
        copied: what a reader takes along: the sentence in plain text, what it rests on, and whom to cite.
        panel: whose losses it is on, under which it may stand; "" for none.
        place: the beginning of `words` that says so, too.
    """

    words: str
    copied: str = ""
    panel: str = ""
    place: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure's file.

    Attributes:
        name: without suffix, in the report's folder of figures.
        words: what it shows, for those who do not see it.
    """

    name: str
    words: str


@dataclass(frozen=True)
class Drawing:
    """All figures of one kind.

    Attributes:
        name: of the kind.
        title: its heading.
        caption: Markdown: how to read it.
        pictures: in order; none where nothing could be drawn.
        missing: why there is none.
    """

    name: str
    title: str
    caption: str
    pictures: Sequence[Picture] = ()
    missing: str = ""


@dataclass(frozen=True)
class Strip:
    """One loss of a film.

    Attributes:
        loss: its name.
        words: which cell it is of: "seed 0, done".
        frames: one per step of the film; None where there is none.
    """

    loss: str
    words: str
    frames: Sequence[bytes | None]


@dataclass(frozen=True)
class Film:
    """Samples from equal latents over the training, all losses side by side.

    Attributes:
        title: the panel's, and the domain's where there are several.
        steps: generator steps of the frames.
        strips: one per loss.
        real: real images, the same size; None without.
        kind: the frames' media type.
    """

    title: str
    steps: Sequence[int]
    strips: Sequence[Strip]
    real: bytes | None = None
    kind: str = "image/webp"


@dataclass(frozen=True)
class Trained:
    """A cell as the list of all cells shows it.

    Attributes:
        identity: the cell's id.
        group: the anchor that the tables' links to a loss's cells lead to (`group_anchor`); None for a cell of no panel.
        loss: its name.
        seed: its seed.
        status: how it ended.
        values: further columns, in the order of `Document.columns`; each a number's text or why there is none.
        path: of its record, in the run.
        link: to that file, relative to the page; None where the page lies elsewhere.
    """

    identity: str
    group: str | None
    loss: str
    seed: int
    status: str
    values: Sequence[str]
    path: str
    link: str | None = None


@dataclass(frozen=True)
class Document:
    """A report. Texts marked so are Markdown in which names are escaped; all others are plain.

    Attributes:
        name: of the run or runs.
        question: what the report answers.
        made_by: Markdown: the commands.
        notices: Markdown: what speaks against reading the figures as they stand (one seed, unlike devices, failures).
        lines: the verdicts.
        summary: the first screen's tables.
        paragraphs: Markdown: one per panel.
        reading: Markdown: how to read it.
        tables: all of them.
        drawings: all figures, by kind.
        films: samples over the training.
        columns: headings of `Trained.values`.
        cells: every cell.
        citation: BibTeX of the suite and its losses.
        pictures: the suffixes under which each figure lies beside the page, the first to be shown where one is.
    """

    name: str
    question: str
    made_by: str
    notices: Sequence[str]
    lines: Sequence[Line]
    summary: Sequence[Section]
    paragraphs: Sequence[str]
    reading: str
    tables: Sequence[Table]
    drawings: Sequence[Drawing]
    films: Sequence[Film] = ()
    columns: Sequence[str] = ()
    cells: Sequence[Trained] = ()
    citation: str = ""
    pictures: Sequence[str] = ("png", "svg")


def group_anchor(panel: Panel, loss: str) -> str:
    """The name of the place in a page where a panel's cells of a loss begin.

    The panel's settings are in it, for two panels may have all names in common.
    """
    return f"cells-{digest({'panel': [panel.task, panel.data, panel.recipe, panel.note], 'loss': loss})}"
