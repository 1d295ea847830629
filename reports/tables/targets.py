"""What it costs to reach a target of quality: steps, updates, images and seconds, with the runs that never do."""

from reports import metrics
from reports.loading import Run
from reports.numbering import Numbering
from reports.panels import Panel
from reports.tables.base import Row, Section, Table, make_frame, names_of, section
from reports.targets import EFFORTS, Target, attempts, efforts, horizon, targets, waiting
from reports.text import number

NOTE = (
    "A run reaches the target at the first of two consecutive evaluations on validation that both pass it (so the distance is not that "
    "of the test images in the other tables). Runs that never do, diverged and failed ones too, are right-censored at their "
    "budget: Kaplan-Meier. Restricted mean: of min(time, limit), the limit being the least budget of the panel, with an "
    "interval of 95 % (Greenwood's variance, Student's t). Median: when half of the runs are through. Times are as "
    "coarse as the evaluations. Seconds are steps × the typical step of the timing pass."
)
HEADER = ["loss", "target", "reached", *(f"{name}: restricted mean [95 %], median" for name in EFFORTS.values())]


def build(run: Run, panels: list[Panel]) -> Table | None:
    """The table of times to a target; None where nothing was evaluated on the way."""
    numbering = Numbering(panels)
    rows = [row for panel in panels for target in targets(run, panel) for row in _rows(run, panel, target, numbering)]
    if not rows:
        return None
    parts = [_section(run, panel, numbering) for panel in panels]
    return Table("targets", "Time to a target", parts, make_frame(rows, absent="not known"), NOTE)


def _rows(run: Run, panel: Panel, target: Target, numbering: Numbering) -> list[Row]:
    return [
        {**names_of(panel), **_row(run, panel, loss, target), **numbering.column(panel)}
        for loss in panel.losses
        if attempts(panel, loss, target)
    ]


def _row(run: Run, panel: Panel, loss: str, target: Target) -> Row:
    tried = attempts(panel, loss, target)
    row: Row = {"loss": loss, "metric": target.metric, "measured on": "validation", "target": target.value}
    row |= {"declared": target.declared, "runs": len(tried), "reached": sum(attempt.reached for attempt in tried)}
    for effort, name in EFFORTS.items():
        each, limit = efforts(run, panel, loss).get(effort), horizon(run, panel, target, effort)
        estimate = None if each is None else waiting(panel, loss, target, each)
        if estimate is None or limit is None:
            row |= {f"{name} median": "not timed", f"{name} mean": "not timed"}
            continue
        mean, low, high = estimate.restricted_mean(limit)
        middle = "not reached by half" if estimate.median is None else estimate.median
        row |= {f"{name} median": middle, f"{name} mean": mean, f"{name} low": low, f"{name} high": high}
        row[f"{name} limit"] = limit
    return row


def _section(run: Run, panel: Panel, numbering: Numbering) -> Section:
    found = targets(run, panel)
    rows = [row for target in found for row in _rows(run, panel, target, numbering)]
    lines = [
        [
            row["loss"],
            _goal(row),
            f"{row['reached']} of {row['runs']}",
            *(_words(row, name) for name in EFFORTS.values()),
        ]
        for row in rows
    ]
    note = " ".join(told(panel, target) for target in found) or "No evaluations."
    return section(panel.title, HEADER, lines, note, panel)


def told(panel: Panel, target: Target) -> str:
    """Where a target comes from, in a sentence."""
    name = f"{target.metric} of {number(target.value)} on validation"
    if target.declared:
        return f"Target: {name}, declared with the run."
    return f"Target: {name}, not declared beforehand: the median of {panel.reference}'s best states, chosen after the fact."


def _goal(row: Row) -> str:
    sign = "≥" if metrics.better(row["metric"]) == metrics.HIGHER else "≤"
    return f"{row['metric']} {sign} {number(row['target'])}"


def _words(row: Row, name: str) -> str:
    mean, low, high = (row.get(f"{name} {part}") for part in ("mean", "low", "high"))
    if isinstance(mean, str):
        return mean
    ends = f" [{number(low)}, {number(high)}]" if low is not None else ""
    middle = row[f"{name} median"]
    return f"{number(mean)}{ends}, {middle if isinstance(middle, str) else number(middle)}"
