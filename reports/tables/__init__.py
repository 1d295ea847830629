"""The report's tables. One is added by its file and a line in `TABLES`."""

from collections.abc import Callable

from reports.loading import Run
from reports.panels import Panel
from reports.tables import (
    best_of,
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
    standing,
    targets,
    translation,
    tuning,
    variance,
    verdicts,
)
from reports.tables.base import Table

# A table that has nothing to show in this run, None, is left out of the report.
TABLES: tuple[Callable[[Run, list[Panel]], Table | None], ...] = (
    verdicts.build,
    quality.build,
    standing.build,
    comparisons.build,
    published.build,
    translation.build,
    factorial.build,
    seeds.build,
    variance.build,
    ladder.build,
    targets.build,
    cost.build,
    saturation.build,
    rates.build,
    failures.build,
    passports.build,
    best_of.build,
    tuning.build,
    settings.settings,
)


def make_tables(run: Run, panels: list[Panel]) -> list[Table]:
    """All tables of the report, in its order."""
    return [table for build in TABLES if (table := build(run, panels)) is not None]


__all__ = ["TABLES", "Table", "make_tables"]
