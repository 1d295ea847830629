"""Every cell that was not finished, with its reason."""

from reports.loading import Cell, Run
from reports.panels import Panel
from reports.tables.base import Row, Table, make_frame
from reports.text import local, markdown

COLUMNS = ["cell", "status", "step", "reason"]
NOTE = (
    "`diverged`: a term was no longer finite. `skipped`: not possible as asked for. `not run`: planned, no record yet."
)


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of cells that are not done."""
    rows = [_row(cell) for cell in run.cells if not cell.done]
    rows += [_named(identity, "not run", 0, "planned, but the run has not reached it") for identity in run.unrecorded]
    rows.sort(key=lambda row: str(row["cell"]))
    lines = [[row[name] for name in COLUMNS] for row in rows]
    text = markdown(COLUMNS, lines) + "\n" if rows else "Every cell was finished.\n"
    return Table("failures", "Cells that were not finished", text, make_frame(rows, COLUMNS), NOTE)


def _row(cell: Cell) -> Row:
    return _named(cell.identity, cell.status, cell.record.get("step"), cell.record.get("reason"))


def _named(identity: str, status: str, step: object, reason: object) -> Row:
    steps = "not started" if step is None else step
    return {"cell": local(identity), "status": status, "step": steps, "reason": local(str(reason or "no reason given"))}
