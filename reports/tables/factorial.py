"""Losses × penalties: quality and cost of every combination, and what each penalty does to each loss."""

from typing import Any

from reports import aggregate
from reports.aggregate import Comparison
from reports.factorial import Factorial, factorial
from reports.loading import NONE, Run
from reports.numbering import Numbering
from reports.panels import Panel
from reports.statistics import spread
from reports.tables.base import Row, Section, Table, counted, make_frame, names_of, section, why_missing, wide_section
from reports.text import interval, number, probability
from reports.timings import own_times

NOTE = (
    "Every loss with every penalty: the median of the best states over the seeds trained to the end "
    "(collapsed and stalled ones too), on test images, [quartiles], lower "
    "is better; × is the time of a step over the reference's, where it was timed. Below it, what a penalty does to a loss: "
    "the loss with it against the same loss without, paired by seed, as under *Against the reference*. A penalty that helps "
    "one loss need not help another: no average over losses is taken."
)
UNKNOWN = "no distance measured"
EFFECTS = ["loss", "penalties", "against", "pairs", "measure", "median", "interval", "p", "shown"]


def build(run: Run, panels: list[Panel]) -> Table | None:
    """The table of losses × penalties; None where nothing is crossed."""
    crosses = {panel: cross for panel in panels if (cross := factorial(run, panel)) is not None}
    if not crosses:
        return None
    parts = [(panel, cross, metric) for panel, cross in crosses.items() for metric in _metrics(panel)]
    numbering = Numbering(panels)
    rows = [{**_row(run, *part, *key), **numbering.column(part[0])} for part in parts for key in part[1].losses]
    sections = [each for part in parts for each in _sections(run, *part, numbering)]
    return Table("factorial", "Losses × penalties", sections, make_frame(rows), NOTE)


def ratios(run: Run, panel: Panel) -> dict[str, float]:
    """Each loss's step time over the reference's, where both were timed."""
    found = {time.loss: time.ratio() for time in own_times(run, panel)}
    return {loss: ratio[0] for loss, ratio in found.items() if ratio is not None}


def effect(panel: Panel, cross: Factorial, metric: str, base: str, penalties: str) -> Comparison | str:
    """The loss with the penalties against the same without; or why that cannot be."""
    alone, loss = cross.alone(base), cross.losses[base, penalties]
    if alone is None:
        return "no cell without penalties"
    if loss == alone:
        return "is the loss itself"
    for name in (loss, alone):
        if not _scores(panel, name, metric):
            return why_missing(panel.of(name)) if name == loss else f"without penalties {why_missing(panel.of(name))}"
    comparison = aggregate.compare(panel, loss, metric, reference=alone)
    return comparison if comparison.pairs else "no pairs"


def _metrics(panel: Panel) -> list[str]:
    return aggregate.primaries(panel) or [UNKNOWN]


def _row(run: Run, panel: Panel, cross: Factorial, metric: str, base: str, penalties: str) -> Row:
    loss = cross.losses[base, penalties]
    cells, found = panel.of(loss), _scores(panel, loss, metric)
    row: Row = {**names_of(panel), "loss": loss, "base": base, "penalties": penalties, "metric": metric}
    row |= {"cells": len(cells), "scored": len(panel.scored(loss))}
    quartiles = spread(found) if found else [why_missing(cells)] * 3
    row |= dict(zip(("best", "best lower quartile", "best upper quartile"), quartiles, strict=True))
    row |= {"step time reference": panel.reference, "step time ratio": ratios(run, panel).get(loss, "not timed")}
    return row | _effect_columns(effect(panel, cross, metric, base, penalties))


def _effect_columns(found: Comparison | str) -> Row:
    names = {"reference": "against", "kind": "measure", "pairs": "pairs", "middle": "effect"}
    names |= {"low": "effect low", "high": "effect high", "p": "p"}
    if isinstance(found, str):
        return dict.fromkeys([*names.values(), "shown"], found)
    values = {shown: getattr(found, name) for name, shown in names.items()}
    ends = {name: "too few seeds" for name in ("effect low", "effect high") if values[name] is None}
    return values | ends | {"shown": found.direction}


def _scores(panel: Panel, loss: str, metric: str) -> list[float]:
    return list(aggregate.values(panel, loss, metric, "best").values())


def _sections(run: Run, panel: Panel, cross: Factorial, metric: str, numbering: Numbering) -> list[Section]:
    timed = ratios(run, panel)
    lines = [
        [base, *(_cell(panel, cross.losses.get((base, name)), metric, timed) for name in cross.penalties)]
        for base in cross.bases
    ]
    note = f"×: times the step of {panel.reference}." if timed else "No step was timed."
    header = ["loss", *(name if name == NONE else f"+{name}" for name in cross.penalties)]
    effects = [
        _effect_line(panel, cross, metric, base, name)
        for base in cross.bases
        for name in cross.penalties
        if name != NONE and (base, name) in cross.losses
    ]
    return [
        wide_section(f"{panel.title}: {numbering.label(panel, metric)}", header, lines, note, panel),
        section(f"{panel.title}: what a penalty does to a loss{_by(panel, metric)}", EFFECTS, effects, panel=panel),
    ]


def _by(panel: Panel, metric: str) -> str:
    return f", by {metric}" if len(_metrics(panel)) > 1 else ""


def _cell(panel: Panel, loss: str | None, metric: str, timed: dict[str, float]) -> str:
    if loss is None:
        return why_missing([])
    found, cells = _scores(panel, loss, metric), panel.of(loss)
    if not found:
        return why_missing(cells)
    middle, lower, upper = (number(value) for value in spread(found))
    parts = [f"{middle} [{lower}, {upper}]" if len(found) > 1 else middle]
    parts += [f"{number(timed[loss])} ×"] if loss in timed else []
    parts += [f"{counted(cells)} seeds"] if not all(cell.done for cell in cells) else []
    return "; ".join(parts)


def _effect_line(panel: Panel, cross: Factorial, metric: str, base: str, penalties: str) -> list[Any]:
    found = effect(panel, cross, metric, base, penalties)
    if isinstance(found, str):
        return [base, penalties, *[found] * (len(EFFECTS) - 2)]
    ends, p = interval(found.low, found.high), probability(found.p)
    names = [base, penalties, found.reference, found.pairs, found.kind]
    return [*names, number(found.middle), ends, p, found.direction]
