"""Every seed's value, so that no median hides a run."""

from reports import aggregate
from reports.loading import Cell, Run
from reports.numbering import Numbering
from reports.panels import AVERAGED, Panel
from reports.tables.base import Row, Section, Table, absent_from, make_frame, names_of, section
from reports.text import number

NOTE = (
    "Seed: value, on test images. A cell that was not trained to its end stands with its status in place of a value, "
    "one that went wrong all the same (collapsed, stalled) with its status behind it."
)
WEIGHTS = " The last states with averaged weights stand in the CSV file alone."


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of all seeds."""
    numbering = Numbering(panels)
    rows = [_row(panel, cell, numbering) for panel in panels for cell in panel.cells]
    frame = make_frame(rows, absent=absent_from(numbering))
    parts = [_section(panel, numbering) for panel in panels]
    averaged = any(AVERAGED[1] in panel.moments() for panel in panels)
    return Table("seeds", "Every seed", parts, frame, NOTE + WEIGHTS if averaged else NOTE)


def _row(panel: Panel, cell: Cell, numbering: Numbering) -> Row:
    row: Row = {**names_of(panel), "loss": cell.loss, "seed": cell.seed, "status": cell.status}
    row |= {"steps": cell.record.get("step"), "best step": _value(cell, (cell.quality.get("best") or {}).get("step"))}
    averaged = [moment for moment in panel.moments() if moment in AVERAGED]
    if averaged:
        row["averaged best step"] = _value(cell, cell.state("averaged best").get("step"))
    for metric in panel.metrics():
        name = numbering.label(panel, metric)
        for moment in (*aggregate.MOMENTS, *averaged):
            row[f"{moment} {name}"] = _value(cell, cell.metrics(moment).get(metric))
    row["worst class share"] = _value(cell, aggregate.worst_share(cell))
    return row | numbering.column(panel)


def _value(cell: Cell, value: float | None) -> float | str:
    if value is not None:
        return value
    return "not measured" if cell.scored else cell.status


def _section(panel: Panel, numbering: Numbering) -> Section:
    lines = [
        [
            loss,
            numbering.label(panel, metric),
            moment,
            ", ".join(_short(cell, metric, moment) for cell in panel.of(loss)),
        ]
        for metric in panel.distances()
        for moment in panel.moments()
        if moment != AVERAGED[1]
        for loss in panel.losses
    ]
    return section(panel.title, ["loss", "metric", "of", "every seed"], lines, panel=panel)


def _short(cell: Cell, metric: str, moment: str) -> str:
    value = _value(cell, cell.metrics(moment).get(metric) if cell.scored else None)
    mark = f" ({cell.status})" if cell.scored and not cell.done else ""
    return f"{cell.seed}: {value if isinstance(value, str) else number(value)}{mark}"
