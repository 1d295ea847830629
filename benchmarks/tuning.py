"""Equal tuning: recipe `tuned` takes for each loss the point of one grid that did best on seeds of the tuning's own.

Every loss has the same number of trials by construction. A trial is a cell of recipe `trial` with a record like any
other; no verdict is of it. What was chosen, and by which scores, stands in tuning/<task>-<data>.json.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import inf, isfinite
from pathlib import Path
from statistics import fmean, median
from typing import Any

from benchmarks import records
from benchmarks.plan import Cell, in_order
from benchmarks.records import CHOSEN, SCORED, TRIAL
from benchmarks.tuning_grid import Grid, points

Json = dict[str, Any]
FOLDER = "tuning"
RULE = (
    "lowest median, over the tuning seeds, of the lowest value on validation that a trial reached; a trial that was not "
    "trained to its end counts as worst; of equals the one with fewer such trials, then the first in the grid"
)


@dataclass(frozen=True)
class Choice:
    """What was chosen for a loss.

    Attributes:
        loss: its name.
        group: the `Cell.choice_digest` of the cells that it is for.
        metric: that the trials' scores are of; None if none has any.
        trials: for each point its settings, its scores and statuses by seed, and the scores' median.
        chosen: the settings; None if no trial was trained to its end.
    """

    loss: str
    group: str
    metric: str | None
    trials: tuple[Json, ...]
    chosen: Json | None

    @property
    def reason(self) -> str | None:
        """Why nothing is chosen; None if something is."""
        return None if self.chosen else f"none of its {len(self.trials)} points of the grid had a trial with a score"


def trials(cells: Iterable[Cell], grid: Grid, seeds: Sequence[int]) -> tuple[Cell, ...]:
    """The trials by which the cells' settings are chosen: every loss × point of the grid × seed.

    Args:
        cells: of recipe `tuned`, with their budgets.
        grid: that is chosen from.
        seeds: of the trials.
    """
    groups = {cell.choice_digest: cell for cell in cells}
    made = product(seeds, points(grid), groups.values())
    return in_order(_with(cell, point, recipe=TRIAL, seed=seed) for seed, point, cell in made)


def _with(cell: Cell, point: Mapping[str, Any], **names: Any) -> Cell:
    return replace(cell, settings={**cell.settings, **point}, **names)


def choose(out: Path, cells: Sequence[Cell], grid: Grid, seeds: Sequence[int]) -> list[Choice]:
    """Read the trials' records and choose for each loss.

    Args:
        out: the output folder, in which every trial has a record.
        cells: of recipe `tuned`.
        grid: that is chosen from.
        seeds: of the trials.

    Raises:
        RecordError: a trial's record cannot be read.
    """
    return [_choose(out, cell, grid, seeds) for cell in {cell.choice_digest: cell for cell in cells}.values()]


def _choose(out: Path, cell: Cell, grid: Grid, seeds: Sequence[int]) -> Choice:
    metrics: dict[str, None] = {}
    rows: list[Json] = []
    for point in points(grid):
        places = {str(seed): out / _with(cell, point, recipe=TRIAL, seed=seed).folder for seed in seeds}
        found = {seed: records.read_json(place / records.RECORD, "status") for seed, place in places.items()}
        metrics |= dict.fromkeys(
            filter(None, (record.get("quality", {}).get("selection_metric") for record in found.values()))
        )
        scores = {seed: score(record) for seed, record in found.items()}
        statuses = {seed: record["status"] for seed, record in found.items()}
        rows.append({**point, "scores": scores, "statuses": statuses, "median": median(scores.values())})
    best = min(rows, key=lambda row: (row["median"], sum(value == inf for value in row["scores"].values())))
    any_score = any(isfinite(value) for value in best["scores"].values())
    chosen = {name: best[name] for name in CHOSEN} if any_score else None
    return Choice(cell.loss, cell.choice_digest, next(iter(metrics), None), tuple(rows), chosen)


def score(record: Mapping[str, Any]) -> float:
    """The value on validation by which a trial's best weights were chosen; infinite where it was not trained to its end.

    With several domains it is their mean, as for the best weights.

    Example:
        >>> along = [{"metrics": {"kid@a": 0.3, "kid@b": 0.1, "fid@a": 9.0}}, {"metrics": {"kid@a": None, "kid@b": 0.0}}]
        >>> score({"status": "done", "quality": {"selection_metric": "kid", "along": along}})
        0.2
        >>> score({"status": "diverged"})
        inf
    """
    if record["status"] not in SCORED:
        return inf
    metric, found = record["quality"]["selection_metric"], [inf]
    for row in record["quality"]["along"]:
        values = [value for name, value in row["metrics"].items() if name.partition("@")[0] == metric]
        if values and None not in values:
            found.append(fmean(values))
    return min(found)


def settled(cells: Iterable[Cell], choices: Iterable[Choice]) -> tuple[tuple[Cell, ...], list[tuple[Cell, str]]]:
    """The cells with the settings that were chosen, and those for which nothing was, with the reason."""
    by_group = {choice.group: choice for choice in choices}
    kept, skipped = [], []
    for cell in cells:
        choice = by_group[cell.choice_digest]
        if choice.chosen:
            kept.append(_with(cell, choice.chosen))
        else:
            skipped.append((cell, choice.reason or ""))
    return in_order(kept), skipped


def write(
    out: Path, cell: Cell, choices: Sequence[Choice], grid: Grid, seeds: Sequence[int], say: Callable[[str], None]
) -> None:
    """Write what was chosen for the cell's task and data; what was chosen for other settings before stays beside it.

    Args:
        out: the output folder.
        cell: any of those that are chosen for.
        choices: for each loss.
        grid: that was chosen from.
        seeds: of the trials.
        say: called with a sentence where what was there is damaged.
    """
    path = out / FOLDER / f"{records.slug(cell.task)}-{records.slug(cell.data)}.json"
    known = records.intact(path, say, "choices") or {"choices": []}
    entries = {(entry["loss"], entry["group"]): entry for entry in known["choices"]}
    for choice in choices:
        entries[choice.loss, choice.group] = _entry(choice, grid, seeds)
    content = {"task": cell.task, "data": cell.data, "rule": RULE, "choices": list(entries.values())}
    if known != records.finite({"schema": records.SCHEMA, **content}):
        records.write_json(path, content)


def _entry(choice: Choice, grid: Grid, seeds: Sequence[int]) -> Json:
    return {
        "loss": choice.loss,
        "group": choice.group,
        "metric": choice.metric,
        "grid": {name: list(values) for name, values in grid.items()},
        "tuning_seeds": list(seeds),
        "trials": list(choice.trials),
        "chosen": choice.chosen,
        "reason": choice.reason,
    }
