"""The report's tables. One is added by its file and a line in `TABLES`."""

from collections.abc import Callable

from reports.loading import Run
from reports.panels import Panel
from reports.tables import (
    comparisons,
    cost,
    factorial,
    failures,
    ladder,
    passports,
    published,
    quality,
    rates,
    saturation,
    seeds,
    settings,
    translation,
)
from reports.tables.base import Table

# A table that has nothing to show in this run, None, is left out of the report.
TABLES: tuple[Callable[[Run, list[Panel]], Table | None], ...] = (
    quality.build,
    comparisons.build,
    published.build,
    translation.build,
    factorial.build,
    seeds.build,
    ladder.build,
    cost.build,
    saturation.build,
    rates.build,
    failures.build,
    passports.build,
    settings.settings,
)


def make_tables(run: Run, panels: list[Panel]) -> list[Table]:
    """All tables of the report, in its order."""
    return [table for build in TABLES if (table := build(run, panels)) is not None]


__all__ = ["TABLES", "Table", "make_tables"]
