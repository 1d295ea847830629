"""Quality per panel: counts, medians, shares of the ceiling, worst class, copies."""

from statistics import median

from reports import aggregate, metrics
from reports.loading import Run
from reports.panels import Panel
from reports.tables.base import Row, Table, make_frame, names_of, section, why_missing, wide_section
from reports.text import number

STATUSES = ("done", "failed", "diverged", "skipped")
NOTE = (
    "Medians over the finished seeds, on test images; lower is better for every distance. `best` is the state that "
    "validation chose, `final` the last one. Ceiling: the median of the untrained generators; 100 % means that nothing "
    "was learned."
)


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of quality."""
    rows = [_row(panel, loss) for panel in panels for loss in panel.losses]
    text = "\n".join(_section(panel) for panel in panels)
    return Table("quality", "Quality", text, make_frame(rows), NOTE)


def _row(panel: Panel, loss: str) -> Row:
    row: Row = {**names_of(panel), "loss": loss, **aggregate.counts(panel, loss)}
    absent = why_missing(panel.of(loss))
    for metric in panel.distances():
        for moment in ("best", "final"):
            row[f"{moment} {metric}"] = _or(aggregate.middle(panel, loss, metric, moment), absent)
        if metrics.is_frechet(metric):
            row[f"share of ceiling {metric}"] = _or(ceiling_share(panel, loss, metric), absent)
    row["worst class share"] = _or(worst_class(panel, loss), absent)
    for metric in panel.metrics():
        if metrics.base(metric) == "copy_rate":
            row[metric] = _or(aggregate.middle(panel, loss, metric, "best"), absent)
    return row


def ceiling_share(panel: Panel, loss: str, metric: str) -> float | None:
    """The median best value as a share of the untrained generator's median, or None."""
    best, ceiling = aggregate.middle(panel, loss, metric, "best"), aggregate.ceiling(panel, metric)
    return best / ceiling if best is not None and ceiling else None


def worst_class(panel: Panel, loss: str) -> float | None:
    """The median over seeds of the smallest class share, or None."""
    found = [aggregate.worst_share(cell) for cell in panel.done(loss)]
    numbers = [value for value in found if value is not None]
    return median(numbers) if numbers else None


def _or(value: float | None, absent: str) -> float | str:
    return absent if value is None else value


def _section(panel: Panel) -> str:
    rows = [_row(panel, loss) for loss in panel.losses]
    shown = [name for name in rows[0] if name not in names_of(panel)]
    header = [f"{name} (%)" if _is_share(name) else name for name in shown]
    lines = [[_cell(name, row[name]) for name in shown] for row in rows]
    # Two domains have twice as many columns as a page can show.
    return (wide_section if panel.targets() else section)(panel.title, header, lines, _apart(panel))


def _apart(panel: Panel) -> str:
    if not panel.note:
        return ""
    if panel.own_passport:
        return f"Passport of its own ({panel.note}): not to be compared with other panels."
    return f"Settings of its own ({panel.note}): its losses are compared with each other."


def _is_share(name: str) -> bool:
    return "share" in name or name.startswith("copy_rate")


def _cell(name: str, value: float | int | str) -> str:
    if isinstance(value, str) or name in STATUSES:
        return str(value)
    return number(100 * value if _is_share(name) else value)
