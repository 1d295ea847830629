"""How much of the spread of quality another training seed makes, and how much another set of fakes."""

from math import isfinite, log

from reports import metrics
from reports.aggregate import primaries, values
from reports.components import components, deviation
from reports.loading import Cell, Run
from reports.numbering import Numbering
from reports.panels import RAW, Panel
from reports.tables.base import Row, Section, Table, make_frame, names_of, section
from reports.text import number

NOTE = (
    "Standard deviations of the logarithm of the distance (0.05 is about 5 %), of the distance itself where it can be negative. "
    "Between seeds: of the values that all other tables show, with an interval of 95 % (χ²). Sampling: between independent sets of fakes "
    "of one generator, which more fakes make smaller and more seeds do not (χ²). Training seed's share: of the variance of one value, by "
    "one-way random effects (F). All in the normal model, over the cells that have values."
)
UNKNOWN = "not measured"
HEADER = ["loss", "metric", "of", "seeds", "sd between seeds", "sd of sampling", "training seed's share"]


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of spreads."""
    numbering = Numbering(panels)
    rows = [row for panel in panels for row in _rows(panel, numbering)]
    parts = [_section(panel, numbering) for panel in panels]
    return Table("variance", "Training seed and sampling", parts, make_frame(rows, ("loss",), UNKNOWN), NOTE)


def _rows(panel: Panel, numbering: Numbering) -> list[Row]:
    return [
        {**names_of(panel), "loss": loss, "metric": metric, "of": moment, **_spreads(panel, loss, metric, moment)}
        | numbering.column(panel)
        for metric in primaries(panel)
        for moment in RAW
        for loss in panel.losses
        if values(panel, loss, metric, moment)
    ]


def _spreads(panel: Panel, loss: str, metric: str, moment: str) -> Row:
    groups = [sets(cell, metric, moment) for cell in panel.scored(loss)]
    known = [group for group in groups if group]
    row: Row = {"seeds": len(known)}
    every = deviation([group[0] for group in known])
    row |= _parts("between seeds", every)
    parts = components(known)
    if parts is None:
        alone = {"sets of fakes": sum(map(len, known)), "training seed alone": None}
        return row | alone | _parts("sampling", None) | _parts("share", None)
    row |= {"sets of fakes": parts.sets, "training seed alone": parts.between}
    return row | _parts("sampling", parts.within) | _parts("share", parts.share)


def _parts(name: str, found: tuple[float, float, float] | None) -> Row:
    return dict(zip((name, f"{name} low", f"{name} high"), found or (None,) * 3, strict=True))


def sets(cell: Cell, metric: str, moment: str) -> list[float]:
    """The cell's value and those of further sets of fakes of the same generator, logarithms where ratios mean something."""
    repeats = (cell.state(moment).get("repeats") or {}).get(metric) or ()
    found = [float(value) for value in (cell.metrics(moment).get(metric), *repeats) if value is not None]
    if not metrics.has_ratios(metric):
        return [value for value in found if isfinite(value)]
    return [log(value) for value in found if isfinite(value) and value > 0]


def _section(panel: Panel, numbering: Numbering) -> Section:
    rows = _rows(panel, numbering)
    lines = [
        [row["loss"], numbering.label(panel, row["metric"]), row["of"], row["seeds"]]
        + [_words(row, name) for name in ("between seeds", "sampling", "share")]
        for row in rows
    ]
    repeated = any(row.get("sampling") is not None for row in rows)
    note = (
        ""
        if repeated
        else "Sampling was not measured: no record holds further sets of fakes (or there is only one seed)."
    )
    return section(panel.title, HEADER, lines, note, panel)


def _words(row: Row, name: str) -> str:
    if row.get(name) is None:
        return "one seed" if name == "between seeds" else UNKNOWN
    return f"{number(row[name])} [{number(row[f'{name} low'])}, {number(row[f'{name} high'])}]"
