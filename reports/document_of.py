"""A run -> the document that every format of its report is made from."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.records import slug
from reports.cells import COLUMNS, trained
from reports.citing import bibtex
from reports.document import Document, Drawing, Picture
from reports.experiments.chapter import Experiments, caption
from reports.figures import Kind
from reports.films import films
from reports.guide import QUESTION, reading
from reports.lines import lines
from reports.loading import Run
from reports.notices import notices
from reports.overview import overview
from reports.panels import Panel
from reports.summary import paragraph
from reports.tables import Table
from reports.text import escape, local

EXPERIMENT = "experiment"


def make_document(
    run: Run,
    panels: Sequence[Panel],
    tables: Sequence[Table],
    drawn: Iterable[tuple[Kind, list[str]]],
    page: Path | None = None,
    experiments: Experiments | None = None,
) -> Document:
    """Everything that the report says.

    Args:
        run: or several as one.
        panels: of it.
        tables: of it, those of experiments among them.
        drawn: the figures of it, by kind, as their files are called.
        page: the folder in which it will lie; None where that is nowhere near the run.
        experiments: whose figures are drawn, too, as `experiment-NAME`.
    """
    command = code(run.command)
    drawings = [_drawing(kind, names, panels, command) for kind, names in drawn]
    return Document(
        name=local(run.title),
        question=QUESTION,
        made_by=_made_by(run, command),
        notices=notices(run, panels),
        lines=lines(run, panels),
        summary=overview(run, panels),
        paragraphs=[f"**{escape(panel.title)}.** {paragraph(run, panel)}" for panel in panels],
        reading=reading(panels),
        tables=tables,
        drawings=[*drawings, *_experiments(experiments or Experiments())],
        films=films(panels),
        columns=COLUMNS,
        cells=trained(run, panels, page),
        citation=bibtex(run, run.loss_order()),
    )


def _made_by(run: Run, command: str) -> str:
    words = [f"Made from the records alone by `{command}`; [manifest.json](manifest.json) names them all."]
    given = run.request.get("command")
    if given:
        text = given if isinstance(given, str) else " ".join(str(part) for part in given)
        words.append(f"The run: `{code(text)}`.")
    return " ".join(words)


def code(text: str) -> str:
    """Text that may stand between backticks: within these Markdown takes everything as it is but themselves."""
    return local(text).replace("`", "'")


def _drawing(kind: Kind, names: Sequence[str], panels: Sequence[Panel], command: str) -> Drawing:
    words = " ".join(part for part in (kind.caption, kind.remark(panels), f"Made by `{command}`.") if part)
    return Drawing(
        kind.name, kind.title, words, [Picture(name, _alone(kind, name, panels)) for name in names], kind.missing
    )


def _alone(kind: Kind, name: str, panels: Sequence[Panel]) -> str:
    """What a figure shows: its kind, and of what, where its file is called after a panel or after task and data."""
    rest = name.removeprefix(f"{kind.name}-")
    known = {panel.slug: panel.title for panel in panels}
    known |= {f"{slug(panel.task)}-{slug(panel.data)}": f"{panel.task} on {panel.data}" for panel in panels}
    for start in sorted(known, key=len, reverse=True):
        if rest == start or rest.startswith(f"{start}-"):
            more = rest[len(start) + 1 :]
            return f"{kind.title}: {known[start]}" + (f" ({more})" if more else "")
    return f"{kind.title}: {rest}"


def _experiments(experiments: Experiments) -> Iterator[Drawing]:
    for record in experiments.records:
        name = str(record["experiment"])
        picture = Picture(f"{EXPERIMENT}-{name}", str(record["summary"]))
        yield Drawing(f"{EXPERIMENT}-{name}", f"Experiment: {name}", caption(record), [picture])
