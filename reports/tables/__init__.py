"""The report's tables. One is added by its file and a line in `TABLES`."""

from collections.abc import Callable

from reports.loading import Run
from reports.panels import Panel
from reports.tables import comparisons, cost, failures, ladder, quality, saturation, seeds, settings
from reports.tables.base import Table

TABLES: tuple[Callable[[Run, list[Panel]], Table], ...] = (
    quality.build,
    comparisons.build,
    seeds.build,
    ladder.build,
    cost.build,
    saturation.build,
    failures.build,
    settings.passports,
    settings.settings,
)


def make_tables(run: Run, panels: list[Panel]) -> list[Table]:
    """All tables of the report, in its order."""
    return [build(run, panels) for build in TABLES]


__all__ = ["TABLES", "Table", "make_tables"]
