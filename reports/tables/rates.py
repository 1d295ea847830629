"""How often training went wrong: the failure rate of every loss."""

from reports import aggregate
from reports.loading import Run
from reports.panels import Panel
from reports.reading import UNREADABLE
from reports.statistics import wilson
from reports.tables.base import Row, Section, Table, make_frame, names_of, section

NOTE = (
    "`done`: trained to the end, and nothing was found. `collapsed`: trained to the end, but the fakes had become alike. "
    "`stalled`: trained to the end, but the generator had all but stopped moving. `diverged`: stopped, because a term was no longer "
    "finite or had exploded. `failed`: stopped by an error. The rate is the share of cells that are anything but `done` among "
    "those that ran, with the Wilson interval of 95 %; skipped cells and those that were not run are not counted, nor "
    "are records that cannot be read. Collapsed and stalled cells were measured and stand in all medians."
)
NOT_RUN = "no cell ran"
RAN = ("done", "collapsed", "stalled", "diverged", "failed")


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of failure rates."""
    rows = [_row(panel, loss) for panel in panels for loss in panel.losses]
    parts = [_section(panel) for panel in panels]
    return Table("rates", "How often training went wrong", parts, make_frame(rows), NOTE)


def _row(panel: Panel, loss: str) -> Row:
    wrong, ran = aggregate.failures(panel, loss)
    low, high = wilson(wrong, ran) if ran else (NOT_RUN, NOT_RUN)
    row: Row = {**names_of(panel), "loss": loss, "cells": len(panel.of(loss)), **aggregate.counts(panel, loss)}
    rate = wrong / ran if ran else NOT_RUN
    return row | {"ran": ran, "went wrong": wrong, "failure rate": rate, "rate low": low, "rate high": high}


def _section(panel: Panel) -> Section:
    rows = [_row(panel, loss) for loss in panel.losses]
    further = [name for name in ("skipped", UNREADABLE) if any(row[name] for row in rows)]
    shown = ["loss", "cells", *RAN, *further]
    lines = [[*(row[name] for name in shown), _rate(row)] for row in rows]
    return section(panel.title, [*shown, "failure rate [95 % interval]"], lines, panel=panel)


def _rate(row: Row) -> str:
    if not row["ran"]:
        return NOT_RUN
    share = f"{row['went wrong']} of {row['ran']}"
    return f"{share}: {row['failure rate']:.0%} [{row['rate low']:.0%}, {row['rate high']:.0%}]"
