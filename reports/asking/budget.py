"""What a number of seconds buys: each loss's quality at the steps that fit into them on a timed device."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import floor, inf, isfinite, nan
from statistics import fmean, median

from reports import metrics
from reports.families import FAILED, Family, family, scaled
from reports.loading import Cell, Json, Run
from reports.panels import Panel
from reports.targets import along
from reports.timings import StepTime
from reports.verdicts import judge


@dataclass(frozen=True)
class Bought:
    """What one loss has to show within the budget.

    Attributes:
        loss: its name.
        steps: generator steps that fit into the budget: ⌊seconds / typical step⌋.
        trained: steps that its cells were given, the least of them; None where no record says.
        values: by seed, the metric on validation of the state that validation would have chosen by then; NaN where the
            cell diverged or failed. Seeds without an evaluation by then are left out.
        tested: by seed, the same on test images, where that state is the best of the whole training: others were not kept.
        at: by seed, the step of that state.
    """

    loss: str
    steps: int
    trained: int | None
    values: Mapping[int, float]
    tested: Mapping[int, float]
    at: Mapping[int, int]

    @property
    def beyond(self) -> bool:
        """Whether more steps fit into the budget than were trained: the last values stand then."""
        return self.trained is not None and self.steps > self.trained

    @property
    def middle(self) -> float:
        """The median over the seeds, failures as infinitely bad; NaN without any."""
        return (
            float(median(value if isfinite(value) else inf for value in self.values.values())) if self.values else nan
        )


def buy(panel: Panel, time: StepTime, seconds: float, metric: str) -> Bought:
    """What a loss has to show for some seconds of training steps on the device that it was timed on."""
    steps = floor(seconds / time.typical) if time.typical > 0 else 0
    cells = panel.of(time.loss)
    states = {cell.seed: (cell, row) for cell in cells if cell.scored and (row := chosen(cell, steps)) is not None}
    found = {seed: row["metrics"].get(metric) for seed, (_, row) in states.items()}
    values = {cell.seed: nan for cell in cells if cell.status in FAILED}
    values |= {seed: nan if value is None else float(value) for seed, value in found.items()}
    tested = {seed: cell.metrics("best").get(metric) for seed, (cell, row) in states.items() if _is_best(cell, row)}
    known = {seed: float(value) for seed, value in tested.items() if value is not None}
    given = [cell.settings["steps"] for cell in cells if isinstance(cell.settings.get("steps"), int)]
    at = {seed: int(row["step"]) for seed, (_, row) in states.items()}
    return Bought(time.loss, steps, min(given, default=None), values, known, at)


def chosen(cell: Cell, steps: int) -> Json | None:
    """The evaluation on validation that the cell's own rule would have chosen by a step; None without any by then.

    The lowest value of the metric that the record says its best state was chosen by, over several domains their mean,
    the first where several are equal. The untrained generator is never chosen.
    """
    rows = [(row, _selected(cell, row)) for row in along(cell) if 0 < row["step"] <= steps]
    finite = [(row, value) for row, value in rows if isfinite(value)]
    return min(finite, key=lambda pair: pair[1])[0] if finite else None


def on_test(bought: Sequence[Bought]) -> list[Bought]:
    """The same with the values on test in place of those on validation; [] unless they are known of all states."""
    known = [each.tested.keys() == {seed for seed, value in each.values.items() if isfinite(value)} for each in bought]
    if not all(known):
        return []
    return [replace(each, values={seed: each.tested.get(seed, nan) for seed in each.values}) for each in bought]


def judged(run: Run, panel: Panel, metric: str, bought: Sequence[Bought], worst: float) -> Family:
    """The verdicts on the losses' values at the budget, a family of their own, as `reports.families` has it.

    Values are paired by seed. What was not evaluated within the budget is in no pair.

    Args:
        run: that may declare the margin.
        panel: of the losses.
        metric: that the values are of.
        bought: the values, of every loss that was timed.
        worst: what a failure counts as, where no value is worse: that of untrained generators; NaN where it is not known.
    """
    logarithmic = metrics.has_ratios(metric)
    seeds = sorted({cell.seed for cell in panel.cells})
    shown = [each for each in bought if each.values]
    values = {each.loss: [scaled(each.values.get(seed, nan), logarithmic) for seed in seeds] for each in shown}
    present = {each.loss: [_present(each, seed, logarithmic) for seed in seeds] for each in shown}
    frame = family(run, panel, metric, "best")
    found = judge(values, frame.margin, scaled(worst, logarithmic), present=present, logarithmic=logarithmic)
    left_out = tuple(loss for loss in panel.losses if loss not in values)
    return replace(frame, verdicts=tuple(found), left_out=left_out)


def _selected(cell: Cell, row: Json) -> float:
    """The value by which the record's rule chooses; infinite where it is not finite."""
    name = cell.quality.get("selection_metric")
    found = [value for metric, value in row["metrics"].items() if metrics.split(metric)[0] == name]
    return fmean(found) if found and None not in found else inf


def _is_best(cell: Cell, row: Json) -> bool:
    return bool(cell.state("best").get("step") == row["step"])


def untrained(panel: Panel, metric: str) -> float:
    """The median of the generators before their first step, on validation; NaN where it is not known."""
    rows = [row["metrics"].get(metric) for cell in panel.cells for row in along(cell) if row["step"] == 0]
    known = [value for value in rows if value is not None]
    return median(known) if known else nan


def _present(each: Bought, seed: int, logarithmic: bool) -> bool:
    """A distance of 0 has no logarithm and is left out; NaN is a failure and is not."""
    return seed in each.values and not (logarithmic and each.values[seed] <= 0)
