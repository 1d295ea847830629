"""The trials by which recipe `tuned` chose, as distributions: what tuning/*.json tells of every loss."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.records import CHOSEN, TRIAL, digest
from reports.loading import Cell, Json, Run
from reports.metrics import is_signed
from reports.panels import OF_A_LOSS, OF_A_NAME
from reports.text import local, setting

LENGTHS = frozenset({"steps", "eval_every", "log_every"})  # follow from the seconds, differently for every loss
Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Trials:
    """The trials of one loss.

    Attributes:
        scores: (n,) the median over the tuning seeds of each, lower is better, in their order; infinite for one that was not
            trained to its end.
        chosen: the place among them of the one that was chosen; None if none was.
        space, sampler: from which they were drawn at random, and by what; None where they are the points of a grid.
        seeds: of the tuning.
    """

    scores: Array
    chosen: int | None
    space: Json | None
    sampler: str
    seeds: tuple[int, ...]

    @property
    def failed(self) -> int:
        """How many have no score."""
        return int(np.isinf(self.scores).sum())


@dataclass(frozen=True, eq=False)
class Tuning:
    """The trials of all losses that were tuned by one metric, all else alike.

    Attributes:
        note: what sets it apart from others of the same task, data and metric; mostly "".
        metric: in which the scores are.
        losses: in the run's order.
    """

    task: str
    data: str
    metric: str
    note: str
    losses: Mapping[str, Trials]

    @property
    def title(self) -> str:
        """It in words."""
        return f"{self.task} on {local(self.data)}{f' ({self.note})' if self.note else ''}, {self.metric} on validation"

    @property
    def ceiling(self) -> float | None:
        """The worst score that any trial of any loss has; None if none has any."""
        finite = [score for trials in self.losses.values() for score in trials.scores if score < inf]
        return max(finite, default=None)

    @property
    def floor(self) -> float | None:
        """What no score can be below; None where the metric has no such value."""
        lowest = min((score for trials in self.losses.values() for score in trials.scores), default=0.0)
        return None if is_signed(self.metric) or lowest < 0 else 0.0

    def filled(self, loss: str) -> Array | None:
        """The scores of a loss, with the worst of any trial for those that have none; None if all of them have none."""
        scores = self.losses[loss].scores
        return np.minimum(scores, self.ceiling) if self.ceiling is not None and np.isfinite(scores).any() else None


def tunings(run: Run) -> list[Tuning]:
    """All that was tuned in a run, by task, data and metric, in the order of its files."""
    settings = {group_of(cell): cell.settings for cell in run.cells if cell.recipe == TRIAL}
    found: dict[tuple[str, str, str], dict[str, tuple[Json, dict[str, Trials]]]] = defaultdict(dict)
    for file, choice in _choices(run):
        shared = _shared(settings.get(choice["group"], {}))
        kind = found[file["task"], file["data"], choice["metric"]]
        kind.setdefault(digest(shared), (shared, {}))[1][choice["loss"]] = _trials(choice)
    order = run.loss_order()
    return [
        Tuning(*names, note, {loss: trials[loss] for loss in sorted(trials, key=lambda loss: _place(order, loss))})
        for names, parts in found.items()
        for note, trials in _noted(list(parts.values()))
    ]


def _place(order: list[str], loss: str) -> tuple[int, str]:
    return (order.index(loss) if loss in order else len(order)), loss


def group_of(cell: Cell) -> str:
    """The digest of all settings but those that are chosen, as a choice has it: `benchmarks.plan.Cell.choice_digest`."""
    kept = {name: value for name, value in cell.settings.items() if name not in (*CHOSEN, "loss_spelling")}
    return digest({**kept, "task": cell.task, "data": cell.data, "loss": cell.loss})


def metrics_of(run: Run) -> dict[tuple[str, str], str]:
    """(loss, group) -> the metric that the trials were compared by."""
    return {(choice["loss"], choice["group"]): choice["metric"] for _, choice in _choices(run)}


def _choices(run: Run) -> Iterator[tuple[Json, Json]]:
    """(file, choice) of all choices that any trial had a score for; of a copy in another run, the one of more trials."""
    found: dict[Any, tuple[Json, Json]] = {}
    for file in run.tunings:
        for choice in file.get("choices") or ():
            key = file["task"], file["data"], choice["loss"], choice["group"]
            if key not in found or len(choice["trials"]) > len(found[key][1]["trials"]):
                found[key] = file, choice
    metrics = {
        (file["task"], file["data"]): choice["metric"] for file, choice in found.values() if choice.get("metric")
    }
    for file, choice in found.values():
        metric = choice.get("metric") or metrics.get(
            (file["task"], file["data"])
        )  # all trials of a loss may have failed
        if metric and choice["trials"]:
            yield file, {**choice, "metric": metric}


def _trials(choice: Json) -> Trials:
    rows = choice["trials"]
    scores = np.array([inf if row.get("median") is None else row["median"] for row in rows])
    points = [{name: row.get(name) for name in CHOSEN} for row in rows]
    chosen = points.index(choice["chosen"]) if choice.get("chosen") in points else None
    seeds = tuple(choice.get("tuning_seeds") or ())
    return Trials(scores, chosen, choice.get("space"), str(choice.get("sampler") or ""), seeds)


def _shared(settings: Json) -> Json:
    """The settings that the losses of a tuning have in common."""
    apart = OF_A_LOSS | OF_A_NAME | (LENGTHS if settings.get("seconds") else frozenset())
    return {name: value for name, value in settings.items() if name not in apart}


def _noted(parts: list[tuple[Json, dict[str, Trials]]]) -> Iterable[tuple[str, dict[str, Trials]]]:
    """What sets each apart from the others, in words."""
    names = sorted({name for shared, _ in parts for name in shared})
    varied = [name for name in names if len({setting(shared.get(name)) for shared, _ in parts}) > 1]
    for shared, trials in parts:
        yield ", ".join(f"{name} {local(setting(shared.get(name)))}" for name in varied), trials
