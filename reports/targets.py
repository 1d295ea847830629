"""When runs reach a target of quality on validation: the target, and each run's time to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from statistics import median

from reports import aggregate, metrics
from reports.families import FAILED, is_number
from reports.loading import Cell, Json, Run
from reports.panels import Panel
from reports.survival import Waiting, kaplan_meier
from reports.timings import step_seconds

EFFORTS = {"step": "steps", "discriminator_updates": "updates", "images": "images", "seconds": "seconds"}


@dataclass(frozen=True)
class Target:
    """What a run has to reach.

    Attributes:
        metric: that has to pass, measured on validation during training.
        value: that it has to reach; from above, or from below where higher is better.
        declared: whether the run named it beforehand.
    """

    metric: str
    value: float
    declared: bool

    def passed(self, value: float | None) -> bool:
        """Whether a measurement passes.

        Example:
            >>> Target("fid", 10.0, True).passed(9.5), Target("precision", 0.8, True).passed(0.7)
            (True, False)
        """
        if value is None:
            return False
        return value >= self.value if metrics.better(self.metric) == metrics.HIGHER else value <= self.value


@dataclass(frozen=True)
class Attempt:
    """One run: the step at which the target was reached, or until which it was not."""

    seed: int
    steps: int
    reached: bool


def targets(run: Run, panel: Panel) -> list[Target]:
    """The panel's targets: those that run.json declares of metrics that were measured on the way, else the reference's median.

    What was not declared beforehand was chosen after seeing the results: the median, over the seeds of the reference loss, of
    its validation value at the step of its best state. It ranks losses by a line that one of them drew.
    """
    declared = (run.request.get("options") or {}).get("target") or {}
    measured = {name for cell in panel.cells for row in along(cell) for name in row["metrics"]}
    named = declared.items() if isinstance(declared, dict) else ()
    found = [Target(metric, value, True) for metric, value in named if metric in measured and is_number(value)]
    if found:
        return found
    medians = {metric: _reached_by_reference(panel, metric) for metric in aggregate.primaries(panel)}
    return [Target(metric, value, False) for metric, value in medians.items() if value is not None]


def along(cell: Cell) -> list[Json]:
    """The evaluations on validation, in the order of their steps."""
    rows = [row for row in cell.quality.get("along") or () if row.get("metrics")]
    return sorted(rows, key=lambda row: int(row["step"]))


def attempts(panel: Panel, loss: str, target: Target) -> list[Attempt]:
    """Every run of the loss that came to an outcome.

    Reached at the first of two consecutive evaluations that both pass: one alone may be luck. Runs that never do, and
    those that diverged or failed, are censored at their budget of steps and not where they broke off: more of the same
    would not have brought them there.
    """
    return [attempt for cell in panel.of(loss) if (attempt := _attempt(cell, target)) is not None]


def waiting(panel: Panel, loss: str, target: Target, each: float = 1.0) -> Waiting | None:
    """The estimate for a loss, in steps × `each`; None without runs."""
    found = attempts(panel, loss, target)
    if not found:
        return None
    return kaplan_meier([each * attempt.steps for attempt in found], [attempt.reached for attempt in found])


def efforts(run: Run, panel: Panel, loss: str) -> dict[str, float]:
    """What one step of the loss takes, by the keys of `EFFORTS`; what is not known is left out."""
    found = {"step": 1.0, **_counted(panel, loss)}
    seconds = step_seconds(run, panel).get(loss)
    return found if seconds is None else {**found, "seconds": seconds}


@lru_cache(maxsize=4096)  # each loss's row asks for its panel's
def horizon(run: Run, panel: Panel, target: Target, effort: str) -> float | None:
    """The least budget of any run of the panel: up to there all of them were watched. None where no loss has that effort."""
    each = {loss: efforts(run, panel, loss).get(effort) for loss in panel.losses}
    budgets = [
        one * budget
        for loss, one in each.items()
        if one is not None
        for cell in panel.of(loss)
        if _attempt(cell, target) is not None and (budget := _budget(cell)) is not None
    ]
    return min(budgets) if budgets else None


def _reached_by_reference(panel: Panel, metric: str) -> float | None:
    found = [value for cell in panel.scored(panel.reference) for value in _at_best(cell, metric)]
    return float(median(found)) if found else None


def _at_best(cell: Cell, metric: str) -> Iterator[float]:
    step = cell.state("best").get("step")
    for row in along(cell):
        value = row["metrics"].get(metric)
        if row["step"] == step and value is not None:
            yield float(value)


@lru_cache(maxsize=100_000)  # the horizon asks for all of them again and again
def _attempt(cell: Cell, target: Target) -> Attempt | None:
    values = [(int(row["step"]), row["metrics"].get(target.metric)) for row in along(cell)]
    budget = _budget(cell)
    if budget is None or not (cell.status in FAILED or any(value is not None for _, value in values)):
        return None
    for (step, value), (_, later) in pairwise(values):
        if target.passed(value) and target.passed(later):
            return Attempt(cell.seed, step, True)
    return Attempt(cell.seed, budget, False)


def _budget(cell: Cell) -> int | None:
    """Steps that the run was given."""
    steps = cell.settings.get("steps")
    if isinstance(steps, int):
        return steps
    rows = along(cell)
    return int(rows[-1]["step"]) if rows else None


def _counted(panel: Panel, loss: str) -> dict[str, float]:
    """Discriminator updates and images of a step, as the evaluations count them."""
    for cell in panel.of(loss):
        for row in along(cell)[-1:]:
            if row["step"]:
                return {name: row[name] / row["step"] for name in ("discriminator_updates", "images") if name in row}
    return {}
