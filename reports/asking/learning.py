"""What a cell learned, in sentences: its quality, what its gradient did, what its discriminator did."""

from collections.abc import Iterator
from statistics import median
from typing import Any

from reports import aggregate, metrics
from reports.asking.words import count, ordinal, printable
from reports.ladders import floor_of
from reports.loading import Cell, Json, Run
from reports.panels import Panel
from reports.text import number

# What a discriminator's statistic says, after its name.
OVERFITTING = "0: held-out images look like training ones, 1: like fakes"


def quality(run: Run, panel: Panel, cell: Cell) -> Iterator[str]:
    """A sentence per primary distance of the panel: best, final, gap, ranks, and what to read them by."""
    if not cell.metrics("best"):
        yield "It has no quality values."
        return
    for metric in aggregate.primaries(panel):
        value = cell.metrics("best").get(metric)
        if value is None:
            yield f"It has no {printable(metric)}: its fakes could not be measured."
        else:
            yield f"{_best(cell, metric, value)}{_ranks(panel, cell, metric)}{_rungs(run, panel, metric)}."


def _best(cell: Cell, metric: str, value: float) -> str:
    split = (cell.quality.get("passport") or {}).get("split", "test")
    chosen = cell.quality.get("selection")
    how = f", chosen by the {printable(chosen)}" if chosen else ""
    words = f"Its best {printable(metric)} on {printable(split)} is {number(value)}"
    words += f" (step {count(cell.state('best').get('step'))}{how})"
    return words + _final(value, cell.metrics("final").get(metric), metrics.has_ratios(metric))


def _final(best: float, final: float | None, ratio: bool) -> str:
    if final is None:
        return ", with no final one"
    gap = f"{number(final / best)} times the best" if ratio and best > 0 else f"{number(final - best)} from the best"
    return f", the final one {number(final)}" + ("" if final == best else f", {gap}")


def _ranks(panel: Panel, cell: Cell, metric: str) -> str:
    """The places, lower is better, among the seeds of the loss and all cells of the panel; "" where there is no other."""
    own = aggregate.values(panel, cell.loss, metric, "best")
    every = [value for loss in panel.losses for value in aggregate.values(panel, loss, metric, "best").values()]
    if len(every) < 2 or cell.seed not in own:
        return ""
    places = [1 + sum(other < own[cell.seed] for other in group) for group in (own.values(), every)]
    middle = aggregate.middle(panel, cell.loss, metric, "best")
    words = f": {ordinal(places[0])} of {len(own)} seeds of {printable(cell.loss)} (median {number(middle)})"
    return f"{words}, {ordinal(places[1])} of {len(every)} in its panel (median {number(median(every))})"


def _rungs(run: Run, panel: Panel, metric: str) -> str:
    floor, ceiling = floor_of(run, panel, metric), aggregate.ceiling(panel, metric)
    ends = [f"real images against real ones have {number(floor)}"] if floor is not None else []
    ends += [f"untrained generators {number(ceiling)}"] if ceiling is not None else []
    return f"; {', '.join(ends)}" if ends else ""


def gradient(cell: Cell) -> Iterator[str]:
    """A sentence per domain on the gradient at the fakes, from the first 200 steps to the last quarter."""
    for domain, found in _domains(cell):
        parts = [_decades(found), _way(found, "active_fraction_logit", "the active fraction (1: all fakes teach)")]
        parts.append(_way(found, "signal", "the cosine of the gradients of two half batches"))
        told = [part for part in parts if part]
        if told:
            yield f"Gradient at the fakes ({printable(domain)}), steps 50-200 to the last quarter: {'; '.join(told)}."
    if not _domains(cell):
        yield "There is no summary of its gradients."


def discriminator(cell: Cell) -> Iterator[str]:
    """A sentence per domain on the discriminator; none where none was trained."""
    for domain, found in _domains(cell):
        right = _way(found, "accuracy", "its accuracy")
        learned = _way(found, "overfitting", f"its overfitting ({OVERFITTING})")
        if right or learned:
            yield f"Discriminator ({printable(domain)}): {'; '.join(filter(None, [right, learned]))}."


def _domains(cell: Cell) -> list[tuple[str, Json]]:
    summary = cell.record.get("saturation") or {}
    return [(name, found) for name, found in summary.items() if name != "generator"]


def _way(found: Json, statistic: str, name: str) -> str:
    early, late = _ends(found, statistic)
    if early is None or late is None:
        return "" if late is None else f"{name} ended at {number(late)}"
    return f"{name} went from {number(early)} to {number(late)}"


def _decades(found: Json) -> str:
    lost = _ends(found, "decades_lost")[1]
    if lost is None:
        return ""
    verb = "lost" if lost >= 0 else "grew by"
    return f"it {verb} {number(abs(lost))} decades ({number(10 ** -min(lost, 300))} times as large)"


def _ends(found: Json, statistic: str) -> tuple[Any, Any]:
    ends = found.get(statistic) or {}
    return ends.get("early"), ends.get("late")
