"""Experiments as a part of a report: their figures, and one table of all that they were held against."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import matplotlib as mpl

from benchmarks.records import RECORD, RecordError, read_json
from reports.experiments import FIGURES
from reports.experiments.page import HEADER, check_cells
from reports.figures import save as save_figure
from reports.figures.style import STYLE
from reports.manifest import digests
from reports.tables.base import Row, Section, Table, make_frame
from reports.text import escape

Json = dict[str, Any]
REQUIRED = ("experiment", "summary", "source", "reading", "command", "scale", "rows", "checks", "shown")
NOTE = (
    "Each row holds what this suite measures against a figure that is published or derived. *met*: whether ours lies within the "
    "band that was required; what is not required is reported as it came out."
)


@dataclass(frozen=True)
class Experiments:
    """What was read of a folder of experiments.

    Attributes:
        records: in the order of `FIGURES`.
        inputs: the sha256 of the records' files, by their paths in the folder.
    """

    records: tuple[Json, ...] = ()
    inputs: dict[str, str] = field(default_factory=dict)


def holds_experiments(folder: Path) -> bool:
    """Whether a folder is the output of `python -m benchmarks.experiments`: it lies there one level up from a record."""
    return any(path.parent.name in FIGURES for path in folder.glob(f"*/{RECORD}"))


def read(folder: Path) -> Experiments:
    """The records of a folder of experiments.

    Raises:
        RecordError: there is none, or one cannot be read.
    """
    paths = sorted(folder.glob(f"*/{RECORD}"))
    known = [read_json(path, *REQUIRED) for path in paths]
    found = [record for name in FIGURES for record in known if record["experiment"] == name]
    if not found:
        raise RecordError(
            f"{folder} holds no record of an experiment; give the --out of python -m benchmarks.experiments."
        )
    return Experiments(tuple(found), digests(folder, paths))


def together(parts: Sequence[Experiments]) -> Experiments:
    """Several folders as one; of an experiment that is in two, the later folder's counts."""
    found = {record["experiment"]: record for part in parts for record in part.records}
    inputs = {f"experiments/{name}": digest for part in parts for name, digest in part.inputs.items()}
    return Experiments(tuple(found[name] for name in FIGURES if name in found), inputs)


def save(experiments: Experiments, folder: Path, formats: Sequence[str]) -> None:
    """Draw each from its record alone, into files `experiment-NAME`."""
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        for record in experiments.records:
            figure = FIGURES[record["experiment"]](record)
            for suffix in formats:
                save_figure(figure, folder / f"experiment-{record['experiment']}.{suffix}")


def caption(record: Json) -> str:
    """Markdown: what the figure asks, how to read it, and what made it."""
    asked = f"**{escape(record['summary'])}** Known from: {escape(record['source'])}."
    return f"{asked} {escape(record['reading'])} Made by `{record['command'].replace('`', '')}`."


def table(experiments: Experiments) -> Table | None:
    """Everything that was held against a figure; None where there is no experiment."""
    rows = [_row(record, check) for record in experiments.records for check in record["checks"]]
    if not rows:
        return None
    sections = [
        Section(record["experiment"], HEADER, [check_cells(check) for check in record["checks"]])
        for record in experiments.records
        if record["checks"]
    ]
    return Table("experiments", "Experiments with known answers", sections, make_frame(rows, absent="none"), NOTE)


def _row(record: Json, check: Json) -> Row:
    return {"experiment": record["experiment"], "scale": record["scale"], **check}
