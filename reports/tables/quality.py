"""Quality per panel: counts, medians, shares of the ceiling, worst class, copies, and what else was measured."""

from statistics import median

from reports import aggregate, metrics
from reports.loading import Run
from reports.numbering import Numbering
from reports.panels import AVERAGED, Panel
from reports.tables.base import (
    Row,
    Section,
    Table,
    absent_from,
    counted,
    make_frame,
    names_of,
    section,
    why_missing,
    wide_section,
)
from reports.text import number

CELLS = "cells"
NOTE = (
    "Medians over the seeds that were trained to the end, on test images; `cells` says of how many. Collapsed and stalled "
    "cells stand in them: leaving them out would flatter a loss that collapses. Diverged and failed ones have no values "
    "that could, so that the medians of such a loss are those of the survivors. Lower is better for every distance. `best` is the state that "
    "validation chose, `final` the last one, and `final / best` the median of their ratios: what stopping at the right moment "
    "is worth. Ceiling: the median of the untrained generators; 100 % means that nothing "
    "was learned."
)
WEIGHTS = (
    " `averaged`: the same generators with the exponential moving average of their weights, measured beside the raw ones, "
    "with a best state of their own."
)
OTHER_SPLIT = " Where a passport's split is not `test`, fakes were measured against that split's images, here and in all that follows."
SCORES = "further measures"
UNKNOWN = "not known to this report: which way is better is for its author to say"


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of quality."""
    numbering = Numbering(panels)
    rows = [
        {**_row(panel, loss, numbering), **_scores(panel, loss, panel.moments(), numbering), **numbering.column(panel)}
        for panel in panels
        for loss in panel.losses
    ]
    parts = [part for panel in panels for part in _sections(panel, numbering)]
    averaged = any(set(AVERAGED) & set(panel.moments()) for panel in panels)
    elsewhere = any(passport.get("split", "test") != "test" for passport in numbering.passports)
    note = NOTE + (WEIGHTS if averaged else "") + (OTHER_SPLIT if elsewhere else "")
    return Table("quality", "Quality", parts, make_frame(rows, absent=absent_from(numbering)), note)


def _row(panel: Panel, loss: str, numbering: Numbering) -> Row:
    row: Row = {**names_of(panel), "loss": loss, CELLS: counted(panel.of(loss)), **aggregate.counts(panel, loss)}
    absent = why_missing(panel.of(loss))
    for metric in panel.distances():
        name = numbering.label(panel, metric)
        for moment in panel.moments():
            row[f"{moment} {name}"] = _or(aggregate.middle(panel, loss, metric, moment), absent)
        if metrics.has_ratios(metric):
            row[f"final / best {name}"] = _or(aggregate.gap(panel, loss, metric), absent)
        if metrics.is_frechet(metric):
            row[f"share of ceiling {name}"] = _or(ceiling_share(panel, loss, metric), absent)
    row["worst class share"] = _or(worst_class(panel, loss), absent)
    for metric in panel.metrics():
        if metrics.base(metric) == "copy_rate":
            row[numbering.label(panel, metric)] = _or(aggregate.middle(panel, loss, metric, "best"), absent)
    return row


def _scores(panel: Panel, loss: str, moments: list[str], numbering: Numbering) -> Row:
    """What is no distance: column -> median."""
    absent = why_missing(panel.of(loss))
    return {
        f"{moment} {numbering.label(panel, metric)}": _or(aggregate.middle(panel, loss, metric, moment), absent)
        for metric in panel.scores()
        for moment in moments
    }


def ceiling_share(panel: Panel, loss: str, metric: str) -> float | None:
    """The median best value as a share of the untrained generator's median, or None."""
    best, ceiling = aggregate.middle(panel, loss, metric, "best"), aggregate.ceiling(panel, metric)
    return best / ceiling if best is not None and ceiling else None


def worst_class(panel: Panel, loss: str) -> float | None:
    """The median over seeds of the smallest class share, or None."""
    found = [aggregate.worst_share(cell) for cell in panel.scored(loss)]
    numbers = [value for value in found if value is not None]
    return median(numbers) if numbers else None


def _or(value: float | None, absent: str) -> float | str:
    return absent if value is None else value


def _sections(panel: Panel, numbering: Numbering) -> list[Section]:
    rows = [_row(panel, loss, numbering) for loss in panel.losses]
    hidden = {*names_of(panel), *aggregate.counts(panel, panel.losses[0])}  # `cells` says it in one column
    shown = [name for name in rows[0] if name not in hidden]
    header = [f"{name} (%)" if _is_share(name) else name for name in shown]
    lines = [[_cell(name, row[name]) for name in shown] for row in rows]
    # Two domains, averaged weights or several features have more columns than a page can show.
    several = panel.targets() or len(panel.moments()) > 2 or len(panel.distances()) > 2
    first = (wide_section if several else section)(panel.title, header, lines, _apart(panel, numbering), panel)
    return [first, *([_measures(panel, numbering)] if panel.scores() else [])]


def _measures(panel: Panel, numbering: Numbering) -> Section:
    """A section of what is no distance, with a word on what each says."""
    moments = [moment for moment in panel.moments() if moment in ("best", AVERAGED[0])]
    rows = [_scores(panel, loss, moments, numbering) for loss in panel.losses]
    directions = [metrics.better(metric) for metric in panel.scores() for _ in moments]
    header = [name + (f" ({way})" if way else "") for name, way in zip(rows[0], directions, strict=True)]
    lines = [[loss, *map(_text, row.values())] for loss, row in zip(panel.losses, rows, strict=True)]
    kinds = dict.fromkeys(metrics.base(metric) for metric in panel.scores())
    words = [f"{kind}: {metrics.SETS[kind].note if kind in metrics.SETS else UNKNOWN}" for kind in kinds]
    note = f"In brackets, which way is better; none of these ranks losses here. {'; '.join(words)}."
    return wide_section(f"{panel.title}: {SCORES}", ["loss", *header], lines, note, panel)


def _apart(panel: Panel, numbering: Numbering) -> str:
    if not panel.note:
        return ""
    if panel.own_passport:
        return f"Passport of its own ({panel.note}): not to be compared with other panels. {numbering.footnote(panel)}"
    return f"Settings of its own ({panel.note}): its losses are compared with each other."


def _is_share(name: str) -> bool:
    return "share" in name or name.startswith("copy_rate")


def _cell(name: str, value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    return number(100 * value if _is_share(name) else value)


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else number(value)
