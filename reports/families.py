"""Panels -> the verdicts on their losses: what is judged, on which values, and what the panel may speak of."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import log, nan
from typing import Any, TypeGuard

from reports import aggregate, metrics
from reports.loading import Cell, Run
from reports.panels import Panel
from reports.text import setting
from reports.verdicts import MARGIN, Verdict, judge

FAILED = ("diverged", "failed")
# What follows from the loss itself, or from its number of steps, and is no further difference in how it was trained.
OWN = frozenset({"loss_definition", "loss_spelling", "eval_every", "log_every"})


@dataclass(frozen=True)
class Family:
    """All pairs of losses of a panel on one metric and one moment: what p values are adjusted for.

    Attributes:
        verdicts: one per pair, in the order of the panel's losses; empty where fewer than two losses were run.
        margin: of equivalence.
        declared: whether the run states it.
        left_out: losses without any run that came to an outcome with this metric; they are in no pair.
    """

    panel: Panel
    metric: str
    moment: str
    verdicts: tuple[Verdict, ...]
    margin: float
    declared: bool
    left_out: tuple[str, ...] = ()


def family(run: Run, panel: Panel, metric: str, moment: str) -> Family:
    """The verdicts of a panel.

    Args:
        run: whose request may declare the margin, as options["equivalence"].
        panel: whose losses are judged.
        metric: the distance by which; logarithms of it where ratios of it mean something, differences otherwise.
        moment: one of `Panel.moments`.
    """
    declared = (run.request.get("options") or {}).get("equivalence")
    return _family(panel, metric, moment, float(declared) if is_number(declared) and declared > 0 else None)


@lru_cache(maxsize=256)  # tables, sentences and figures ask for the same ones
def _family(panel: Panel, metric: str, moment: str, stated: float | None) -> Family:
    margin, logarithmic = MARGIN if stated is None else stated, metrics.has_ratios(metric)
    values, present = matrix(panel, metric, moment)
    ceiling = aggregate.ceiling(panel, metric)
    worst = None if ceiling is None else scaled(ceiling, logarithmic)
    found = judge(values, margin, worst, present=present, logarithmic=logarithmic)
    left_out = tuple(loss for loss in panel.losses if loss not in values)
    return Family(panel, metric, moment, tuple(found), margin, stated is not None, left_out)


def is_number(value: object) -> TypeGuard[float]:
    """Whether a run's request states a number of a size that can be reckoned with.

    Example:
        >>> is_number(0.1), is_number(True), is_number(float("inf")), is_number("0.1")
        (True, False, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300


def families(run: Run, panel: Panel) -> list[Family]:
    """The families of a panel: its primary distance in each domain, at every moment."""
    return [family(run, panel, metric, moment) for metric in aggregate.primaries(panel) for moment in panel.moments()]


def matrix(panel: Panel, metric: str, moment: str) -> tuple[dict[str, list[float]], dict[str, list[bool]]]:
    """(log quality, whether it was run) by loss, seeds in a fixed order; NaN where a run failed. Losses that never ran are left out."""
    seeds = sorted({cell.seed for cell in panel.cells})
    logarithmic = metrics.has_ratios(metric)
    values: dict[str, list[float]] = {}
    present: dict[str, list[bool]] = {}
    for loss in panel.losses:
        cells = {cell.seed: cell for cell in panel.of(loss)}
        run = [seed in cells and was_run(cells[seed], metric, moment, logarithmic) for seed in seeds]
        if any(run):
            present[loss] = run
            values[loss] = [
                _value(cells[seed], metric, moment, logarithmic) if there else nan
                for seed, there in zip(seeds, run, strict=True)
            ]
    return values, present


def was_run(cell: Cell, metric: str, moment: str, logarithmic: bool) -> bool:
    """Whether the cell says anything of its loss: it has a value, or it failed; skipped and unreadable ones do not.

    A cell that was trained to its end and has no number for a metric that it was measured by failed, too: its fakes were
    not finite. A distance of 0 has no logarithm and is left out.
    """
    if cell.status in FAILED:
        return True
    measured = cell.scored and metric in cell.metrics(moment)
    value = cell.metrics(moment).get(metric)
    return measured and (value is None or not logarithmic or value > 0)


def _value(cell: Cell, metric: str, moment: str, logarithmic: bool) -> float:
    value = cell.metrics(moment).get(metric) if cell.scored else None
    return nan if value is None else scaled(float(value), logarithmic)


def scaled(value: float, logarithmic: bool) -> float:
    """A value as it is judged: its logarithm where ratios of it mean something; NaN where it has none."""
    if not logarithmic:
        return value
    return log(value) if value > 0 else nan


def differing(panel: Panel, first: str, second: str) -> dict[str, tuple[str, str]]:
    """The settings, beside the loss itself, that differ between two losses' cells: name -> (first's, second's)."""
    ours, theirs = (_settings(panel, loss) for loss in (first, second))
    names = [name for name in {**ours, **theirs} if name not in OWN] if ours and theirs else []
    shown = {name: (_entry(ours, name), _entry(theirs, name)) for name in names}
    return {name: pair for name, pair in shown.items() if pair[0] != pair[1]}


def _settings(panel: Panel, loss: str) -> Mapping[str, Any]:
    return next((cell.settings for cell in panel.of(loss) if cell.settings), {})


def _entry(settings: Mapping[str, Any], name: str) -> str:
    return setting(settings[name]) if name in settings else "not stated"


@lru_cache(maxsize=256)
def selection(panel: Panel) -> str:
    """How the best states were chosen, as the records say; "" where they do not."""
    found = dict.fromkeys(str(cell.quality["selection"]) for cell in panel.cells if cell.quality.get("selection"))
    return " or ".join(found)
