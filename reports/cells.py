"""Every cell of a run in one list, each with the way to its record."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.records import RECORD
from reports import aggregate
from reports.document import Trained, group_anchor
from reports.loading import Cell, Run
from reports.panels import Panel
from reports.tables.base import why_missing
from reports.text import local, number

COLUMNS = ("metric", "best", "final", "ended at step", "minutes")


def trained(run: Run, panels: Sequence[Panel], page: Path | None = None) -> list[Trained]:
    """The cells of the panels in their order, then those of none: trials, and what was measured anew since.

    Args:
        run: that holds them.
        panels: of the report.
        page: the folder that the page lies in; cells of runs that hold it are linked.
    """
    rows = [_row(cell, panel, page) for panel in panels for cell in panel.cells]
    placed = {id(cell) for panel in panels for cell in panel.cells}
    return [*rows, *(_row(cell, None, page) for cell in run.cells if id(cell) not in placed)]


def _row(cell: Cell, panel: Panel | None, page: Path | None) -> Trained:
    group = None if panel is None else group_anchor(panel, cell.loss)
    path = cell.folder / RECORD
    there = path.is_file()
    shown = local(_relative(path, cell.home)) if there else "no record"
    link = _link(path, cell.home, page) if there else None
    return Trained(
        local(cell.identity), group, cell.loss, cell.seed, cell.status, list(_values(cell, panel)), shown, link
    )


def _values(cell: Cell, panel: Panel | None) -> Iterator[str]:
    names = aggregate.primaries(panel) if panel is not None else list(cell.metrics("best"))[:1]
    yield ", ".join(names) or "none"
    for moment in ("best", "final"):
        found = [cell.metrics(moment).get(name) for name in names]
        known = any(value is not None for value in found)
        yield ", ".join(map(number, found)) if known else why_missing([cell])
    step = cell.record.get("step")
    yield "not started" if step is None else f"{step:,}"
    seconds = (cell.record.get("time") or {}).get("seconds")
    yield number(seconds / 60) if isinstance(seconds, int | float) else "not recorded"


def _relative(path: Path, home: Path) -> str:
    return path.relative_to(home).as_posix() if path.is_relative_to(home) else path.name


def _link(path: Path, home: Path, page: Path | None) -> str | None:
    """The way from the page to the record, where both lie in the run: then they are moved together."""
    if page is None or not page.resolve().is_relative_to(home.resolve()):
        return None
    return Path(os.path.relpath(path.resolve(), page.resolve())).as_posix()
