"""Equal tuning: recipe `tuned` takes for each loss the point that did best on seeds of the tuning's own.

The points are those of one grid, or drawn from one space, and the same for every loss: all have as many trials by
construction. A trial is a cell of recipe `trial` with a record like any other; no verdict is of it. What was chosen, and by
which scores, stands in tuning/<task>-<data>.json.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    "trained to its end counts as worst; of equals the one with fewer such trials, then the first of the points"
)


@dataclass(frozen=True)
class Search:
    """What is chosen from, and by what: the same for every loss.

    Attributes:
        points: the settings of each, in the order in which the first of equals is chosen.
        seeds: of the trials.
        metric: by whose lowest value on validation, in the first features; None: that by which the best weights are chosen.
        origin: where the points are from, as a record says it.
    """

    points: tuple[Json, ...]
    seeds: tuple[int, ...]
    metric: str | None = None
    origin: Mapping[str, Any] = field(default_factory=dict)


def of_grid(grid: Grid, seeds: Sequence[int], metric: str | None = None) -> Search:
    """A search among all points of a grid."""
    origin = {"grid": {name: list(values) for name, values in grid.items()}}
    return Search(tuple(points(grid)), tuple(seeds), metric, origin)


def of_draws(drawn: Mapping[str, Any], count: int, seeds: Sequence[int], metric: str | None = None) -> Search:
    """A search among the first points that were drawn from a space."""
    origin = {name: drawn[name] for name in ("space", "sampler")}
    return Search(tuple(drawn["points"][:count]), tuple(seeds), metric, origin)


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
        return None if self.chosen else f"none of its {len(self.trials)} points had a trial with a score"


def trials(cells: Iterable[Cell], search: Search) -> tuple[Cell, ...]:
    """The trials by which the cells' settings are chosen: every loss × point × seed, each once.

    Args:
        cells: of recipe `tuned`, with their budgets.
        search: the points and the seeds.
    """
    groups = {cell.choice_digest: cell for cell in cells}
    made = product(search.seeds, search.points, groups.values())
    found = (_with(cell, point, recipe=TRIAL, seed=seed) for seed, point, cell in made)
    return in_order({cell.folder: cell for cell in found}.values())  # of a few values a point may be drawn twice


def _with(cell: Cell, point: Mapping[str, Any], **names: Any) -> Cell:
    return replace(cell, settings={**cell.settings, **point}, **names)


def choose(out: Path, cells: Sequence[Cell], search: Search) -> list[Choice]:
    """Read the trials' records and choose for each loss.

    Args:
        out: the output folder, in which every trial has a record.
        cells: of recipe `tuned`.
        search: the points, the seeds and the metric.

    Raises:
        RecordError: a trial's record cannot be read.
    """
    return [_choose(out, cell, search) for cell in {cell.choice_digest: cell for cell in cells}.values()]


def _choose(out: Path, cell: Cell, search: Search) -> Choice:
    found = [_records(out, cell, point, search.seeds) for point in search.points]
    label = next(filter(None, (metric_of(each, search.metric) for row in found for each in row.values())), None)
    rows = []
    for point, by_seed in zip(search.points, found, strict=True):
        scores = {seed: score(record, search.metric) for seed, record in by_seed.items()}
        statuses = {seed: record["status"] for seed, record in by_seed.items()}
        rows.append({**point, "scores": scores, "statuses": statuses, "median": median(scores.values())})
    best = min(rows, key=lambda row: (row["median"], sum(value == inf for value in row["scores"].values())))
    any_score = any(isfinite(value) for value in best["scores"].values())
    chosen = {name: best[name] for name in CHOSEN} if any_score else None
    return Choice(cell.loss, cell.choice_digest, label, tuple(rows), chosen)


def _records(out: Path, cell: Cell, point: Json, seeds: Iterable[int]) -> dict[str, Json]:
    """Seed -> the record of the trial of a point."""
    places = {str(seed): out / _with(cell, point, recipe=TRIAL, seed=seed).folder for seed in seeds}
    return {seed: records.read_json(place / records.RECORD, "status") for seed, place in places.items()}


def metric_of(record: Mapping[str, Any], metric: str | None = None) -> str | None:
    """The name under which a record has the metric in its first features; None if it has no values.

    Example:
        >>> record = {"quality": {"selection_metric": "kid[digits]"}}
        >>> metric_of(record), metric_of(record, "fid"), metric_of({"status": "failed"}, "fid")
        ('kid[digits]', 'fid[digits]', None)
    """
    selection: str | None = record.get("quality", {}).get("selection_metric")
    if not selection or metric is None:
        return selection
    _, bracket, features = selection.partition("[")
    return f"{metric}{bracket}{features}"


def score(record: Mapping[str, Any], metric: str | None = None) -> float:
    """The lowest value on validation that a trial reached; infinite where it was not trained to its end.

    With several domains it is the lowest mean over them, as for the best weights.

    Args:
        record: of the trial.
        metric: as `Search.metric`.

    Example:
        >>> along = [{"metrics": {"kid@a": 0.3, "kid@b": 0.1, "fid@a": 9.0}}, {"metrics": {"kid@a": None, "kid@b": 0.0}}]
        >>> score({"status": "done", "quality": {"selection_metric": "kid", "along": along}})
        0.2
        >>> score({"status": "done", "quality": {"selection_metric": "kid", "along": [{"metrics": {"kid": 0.3, "fid": 9.0}}]}}, "fid")
        9.0
        >>> score({"status": "diverged"})
        inf
    """
    if record["status"] not in SCORED:
        return inf
    label, found = metric_of(record, metric), [inf]
    for row in record["quality"]["along"]:
        values = [value for name, value in row["metrics"].items() if name.partition("@")[0] == label]
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


def write(out: Path, cell: Cell, choices: Sequence[Choice], search: Search, say: Callable[[str], None]) -> None:
    """Write what was chosen for the cell's task and data; what was chosen for other settings before stays beside it.

    Args:
        out: the output folder.
        cell: any of those that are chosen for.
        choices: for each loss.
        search: what was chosen from.
        say: called with a sentence where what was there is damaged.
    """
    path = out / FOLDER / f"{records.slug(cell.task)}-{records.slug(cell.data)}.json"
    known = records.intact(path, say, "choices") or {"choices": []}
    entries = {(entry["loss"], entry["group"]): entry for entry in known["choices"]}
    for choice in choices:
        entries[choice.loss, choice.group] = _entry(choice, search)
    content = {"task": cell.task, "data": cell.data, "rule": RULE, "choices": list(entries.values())}
    if known != records.finite({"schema": records.SCHEMA, **content}):
        records.write_json(path, content)


def _entry(choice: Choice, search: Search) -> Json:
    return {
        "loss": choice.loss,
        "group": choice.group,
        "metric": choice.metric,
        **search.origin,
        "tuning_seeds": list(search.seeds),
        "trials": list(choice.trials),
        "chosen": choice.chosen,
        "reason": choice.reason,
    }
