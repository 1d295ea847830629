"""A loss's typical run, and the chance that a single run of it beats one of the reference."""

from math import exp, inf, isfinite

from reports import metrics
from reports.aggregate import primaries
from reports.families import matrix
from reports.improvement import improvement, interquartile_mean
from reports.loading import Run
from reports.numbering import Numbering
from reports.panels import Panel
from reports.tables.base import Row, Section, Table, make_frame, names_of, section
from reports.text import number

NOTE = (
    "Of the best states. Interquartile mean: of the middle half of the runs that have a value, on the logarithm of a Fréchet "
    "distance, brought back. "
    "P: the share of all pairs of runs in which that of the loss is lower (better) than that of the reference, ties half, "
    "with an interval of 95 % (Newcombe 2006, method 5; it takes runs as independent, and is wider than need be for runs that "
    "share their seeds). A failed run is higher than all that have a value. It says what one run may expect, not whether "
    "the losses differ: that is for the verdicts."
)
HEADER = ["loss", "metric", "runs", "failed", "interquartile mean", "P(lower than the reference) [95 %]"]


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of single runs."""
    numbering = Numbering(panels)
    rows = [row for panel in panels for metric in primaries(panel) for row in _rows(panel, metric, numbering)]
    parts = [_section(panel, numbering) for panel in panels]
    return Table("standing", "What a single run may expect", parts, make_frame(rows, ("loss",)), NOTE)


def _rows(panel: Panel, metric: str, numbering: Numbering) -> list[Row]:
    values, present = matrix(panel, metric, "best")
    ran = {loss: [value for value, there in zip(values[loss], present[loss], strict=True) if there] for loss in values}
    runs = {loss: [value if isfinite(value) else inf for value in ran[loss]] for loss in ran}
    return [
        {**names_of(panel), "loss": loss, "metric": metric, **_typical(runs[loss], metric)}
        | _chance(runs, loss, panel.reference)
        | numbering.column(panel)
        for loss in runs
    ]


def _typical(runs: list[float], metric: str) -> Row:
    known = [value for value in runs if isfinite(value)]
    middle = interquartile_mean(known) if known else None
    shown = exp(middle) if middle is not None and metrics.has_ratios(metric) else middle
    return {"runs": len(runs), "failed": len(runs) - len(known), "interquartile mean": shown}


def _chance(runs: dict[str, list[float]], loss: str, reference: str) -> Row:
    if loss == reference or reference not in runs:
        return {"against": "itself" if loss == reference else "no run of the reference"}
    share, low, high = improvement(runs[loss], runs[reference])
    return {"against": reference, "P(lower)": share, "P low": low, "P high": high}


def _section(panel: Panel, numbering: Numbering) -> Section:
    rows = [row for metric in primaries(panel) for row in _rows(panel, metric, numbering)]
    lines = [
        [
            row["loss"],
            numbering.label(panel, row["metric"]),
            row["runs"],
            row["failed"],
            number(row["interquartile mean"]),
            _words(row),
        ]
        for row in rows
    ]
    return section(panel.title, HEADER, lines, "" if lines else "No cell with values.", panel)


def _words(row: Row) -> str:
    if "P(lower)" not in row:
        return "the reference" if row["against"] == "itself" else str(row["against"])
    return f"{number(row['P(lower)'])} [{number(row['P low'])}, {number(row['P high'])}]"
