"""Every seed's value, so that no median hides a run."""

from reports import aggregate
from reports.loading import Cell, Run
from reports.panels import Panel
from reports.tables.base import Row, Table, make_frame, names_of, section
from reports.text import number

NOTE = "Seed: value, on test images. A cell that was not finished stands with its status in place of a value."


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of all seeds."""
    rows = [_row(panel, cell) for panel in panels for cell in panel.cells]
    frame = make_frame(rows)
    return Table("seeds", "Every seed", "\n".join(_section(panel) for panel in panels), frame, NOTE)


def _row(panel: Panel, cell: Cell) -> Row:
    row: Row = {**names_of(panel), "loss": cell.loss, "seed": cell.seed, "status": cell.status}
    row |= {"steps": cell.record.get("step"), "best step": _value(cell, (cell.quality.get("best") or {}).get("step"))}
    for metric in panel.metrics():
        row |= {f"{moment} {metric}": _value(cell, cell.metrics(moment).get(metric)) for moment in aggregate.MOMENTS}
    row["worst class share"] = _value(cell, aggregate.worst_share(cell))
    return row


def _value(cell: Cell, value: float | None) -> float | str:
    if value is not None:
        return value
    return "not measured" if cell.done else cell.status


def _section(panel: Panel) -> str:
    lines = [
        [loss, metric, moment, ", ".join(_short(cell, metric, moment) for cell in panel.of(loss))]
        for metric in panel.distances()
        for moment in ("best", "final")
        for loss in panel.losses
    ]
    return section(panel.title, ["loss", "metric", "of", "every seed"], lines)


def _short(cell: Cell, metric: str, moment: str) -> str:
    value = _value(cell, cell.metrics(moment).get(metric) if cell.done else None)
    return f"{cell.seed}: {value if isinstance(value, str) else number(value)}"
