"""What recipe `tuned` was chosen by: every point with its score on each tuning seed."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from benchmarks.records import CHOSEN, TRIAL, TUNED
from reports.loading import Cell, Json, Run
from reports.panels import Panel
from reports.tables.base import Row, Section, Table, make_frame, section
from reports.text import local, number
from reports.trials import group_of, metrics_of

NOTE = (
    "Before the cells of recipe `tuned` every loss had as many trials, on the same points (all of one grid, or drawn at random from "
    "one space) and on seeds that nothing is judged on. A score is the lowest value of the declared metric on validation that the "
    "trial reached; the median over the seeds decides, and a trial that was not trained to its end counts as worst. No verdict is of trials."
)
NONE = "no trial was trained to its end"
POINT = {"learning rate": "learning rate", "beta1": "β1", "beta2": "β2"}
Group = tuple[str, str, str, str]


def build(run: Run, panels: list[Panel]) -> Table | None:
    """The table of trials; None where nothing was tuned."""
    groups: dict[Group, list[Cell]] = defaultdict(list)
    for cell in run.cells:
        if cell.recipe == TRIAL and _is_point(cell.settings):
            groups[cell.task, cell.data, cell.loss, _alike(cell)].append(cell)
    if not groups:
        return None
    chosen, declared = _chosen(panels), metrics_of(run)
    rows = [
        row
        for key, cells in groups.items()
        for row in _rows(key, cells, chosen.get(key), declared.get((key[2], group_of(cells[0]))))
    ]
    if len({row["beta2"] for row in rows}) == 1:
        rows = [{name: value for name, value in row.items() if name != "beta2"} for row in rows]
    parts = [_section(title, part) for title, part in _by_title(rows).items()]
    frame = make_frame([{name: value for name, value in row.items() if name != "point"} for row in rows])
    return Table("tuning", "Trials of the tuned recipe", parts, frame, NOTE)


def _is_point(settings: Json) -> bool:
    """Whether a trial's settings say which point of a grid it is of."""
    betas = settings.get("betas")
    return isinstance(settings.get("learning_rate"), int | float) and isinstance(betas, list) and len(betas) == 2


def _alike(cell: Cell) -> str:
    """All settings but those that are chosen."""
    kept = {name: value for name, value in cell.settings.items() if name not in (*CHOSEN, "loss_spelling")}
    return repr(sorted(kept.items()))


def _point(cell: Cell) -> tuple[Any, ...]:
    return tuple(repr(cell.settings.get(name)) for name in CHOSEN)


def _chosen(panels: Iterable[Panel]) -> dict[Group, tuple[Any, ...]]:
    """The points that the judged cells were trained with."""
    tuned = [cell for panel in panels for cell in panel.cells if panel.recipe == TUNED and cell.status != "skipped"]
    return {(cell.task, cell.data, cell.loss, _alike(cell)): _point(cell) for cell in tuned if cell.settings}


def score(cell: Cell, metric: str) -> float | None:
    """The lowest value of the metric on validation, a mean over the domains; None for a trial without."""
    found = []
    for row in cell.quality.get("along") or () if cell.scored else ():
        values = [value for name, value in (row.get("metrics") or {}).items() if name.partition("@")[0] == metric]
        if values and None not in values:
            found.append(sum(values) / len(values))
    return min(found, default=None)


def _rows(key: Group, cells: list[Cell], chosen: tuple[Any, ...] | None, declared: str | None) -> list[Row]:
    """A row for each point that a loss was tried on."""
    metric = declared or _metric(cells)
    points: dict[tuple[Any, ...], list[Cell]] = defaultdict(list)
    for cell in sorted(
        cells, key=lambda cell: (cell.settings["learning_rate"], str(cell.settings["betas"]), cell.seed)
    ):
        points[_point(cell)].append(cell)
    task, data, loss, _ = key
    rows = []
    for point, group in points.items():
        settings = group[0].settings
        row: Row = {"task": task, "data": local(data), "loss": loss, "metric": metric}
        row |= dict(
            zip(("learning rate", "beta1", "beta2"), (settings["learning_rate"], *settings["betas"]), strict=True)
        )
        scores = {cell.seed: score(cell, metric) for cell in group}
        row |= {f"seed {cell.seed}": cell.status if scores[cell.seed] is None else scores[cell.seed] for cell in group}
        rows.append({**row, "chosen": "yes" if point == chosen else "no"})
    return rows


def _metric(cells: Iterable[Cell]) -> str:
    return next(filter(None, (cell.quality.get("selection_metric") for cell in cells)), NONE)


def _by_title(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[f"{row['task']} on {row['data']}"].append(row)
    return found


def _section(title: str, rows: list[Row]) -> Section:
    lines = []
    for row in rows:
        scores = ", ".join(
            f"{name.removeprefix('seed ')}: {value if isinstance(value, str) else number(value)}"
            for name, value in row.items()
            if name.startswith("seed ")
        )
        point = [number(row[name]) for name in POINT if name in row]
        lines.append([row["loss"], *point, row["metric"], scores, row["chosen"]])
    header = [word for name, word in POINT.items() if any(name in row for row in rows)]
    return section(title, ["loss", *header, "metric", "every seed", "chosen"], lines)
