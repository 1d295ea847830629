"""Every cell whose training went wrong or that was not run, with its cause; every file that could not be read."""

from reports.loading import Cell, Run
from reports.panels import Panel
from reports.reading import UNREADABLE
from reports.tables.base import Row, Table, make_frame, section
from reports.text import local

COLUMNS = ["cell", "status", "step", "cause", "details"]
ALL_DONE = "Every cell is done."
TRACEBACK = "traceback.txt"
NOTE = (
    "Each with the step since which it was so and its cause; what the statuses mean stands under *How often training went wrong*. "
    "`skipped`: not possible as asked for. `not run`: planned, no record yet. `unreadable`: the file is not what was written; "
    "the report does without it, and what `details` names says more."
)


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of cells that are not done, and of files that could not be read."""
    rows = [_row(run, cell) for cell in run.cells if not cell.done and cell.status != UNREADABLE]
    rows += [_named(identity, "not run", 0, "planned, but the run has not reached it") for identity in run.unrecorded]
    hint = f"python -m benchmarks.verify {local(run.folder.resolve().name)}"
    rows += [_named(damage.path, UNREADABLE, "unknown", damage.cause, hint) for damage in run.damages]
    rows.sort(key=lambda row: str(row["cell"]))
    lines = [[row[name] for name in COLUMNS] for row in rows]
    parts = [section("", COLUMNS, lines)] if rows else []
    return Table("failures", "Cells that went wrong or were not run", parts, make_frame(rows, COLUMNS), NOTE, ALL_DONE)


def _row(run: Run, cell: Cell) -> Row:
    fault = cell.record.get("fault") or {}
    kind, cause = fault.get("kind"), fault.get("cause") or cell.record.get("reason")
    step = cell.record.get("step") if fault.get("step") is None else fault["step"]
    path = cell.folder / TRACEBACK
    traceback = path.relative_to(cell.home).as_posix() if path.is_file() else "no traceback"
    return _named(cell.identity, cell.status, step, f"{kind}: {cause}" if kind and cause else cause, traceback)


def _named(identity: str, status: str, step: object, cause: object, details: str = "nothing more") -> Row:
    steps = "not started" if step is None else step
    words = local(str(cause or "no cause given"))
    return {"cell": local(identity), "status": status, "step": steps, "cause": words, "details": local(details)}
