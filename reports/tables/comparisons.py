"""Every loss against the reference, paired by seed."""

from collections.abc import Sequence
from dataclasses import asdict

from reports import aggregate
from reports.aggregate import Comparison
from reports.loading import Run
from reports.metrics import base, has_ratios
from reports.numbering import Numbering
from reports.panels import AVERAGED, RAW, Panel
from reports.tables.base import Section, Table, make_frame, names_of, section
from reports.text import interval, number, probability

NOTE = (
    "Paired by seed. Ratios for Fréchet distances (below 1: better than the reference), differences for kernel distances, "
    "which can be negative. The interval (at least 95 %) holds the means (geometric ones of ratios) that a sign-flip test does not "
    "reject; where pairs are skewed, their median may lie outside. p is that "
    "test's, two-sided, of each comparison by itself: not corrected for their number, for which see the verdicts. A large p does not show "
    "that there is no difference."
)
TRUE_ERROR = (
    " `true_share`, the error over the untranslated pictures' where the truth is known, is compared by ratios too."
)
LIKELIHOOD = " FLD too is compared by differences: it can be negative."
WEIGHTS = (
    " Averaged weights: the same for the generators with the moving average of their weights, against the reference's average; "
    "never an averaged one against a raw one."
)
HEADER = ["loss", "against", "metric", "of", "pairs", "measure", "median", "interval", "p (uncorrected)"]


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of comparisons."""
    numbering = Numbering(panels)
    compared = [(panel, comparison) for panel in panels for comparison in comparisons(panel, panel.moments())]
    columns = [*names_of(panels[0]), *Comparison.__dataclass_fields__]
    rows = [{**names_of(panel), **_words(comparison), **numbering.column(panel)} for panel, comparison in compared]
    frame = make_frame(rows, columns)
    parts = [part for panel in panels for part in _sections(panel, numbering)]
    return Table("comparisons", "Against the reference", parts, frame, _note(panels))


def _note(panels: list[Panel]) -> str:
    """How to read the table, with what only some runs need left out of the others'."""
    likely = any(base(metric) == "fld" for panel in panels for metric in panel.distances())
    known = any(has_ratios(metric) for panel in panels for metric in panel.translation())
    averaged = any(set(AVERAGED) & set(panel.moments()) for panel in panels)
    return NOTE + (LIKELIHOOD if likely else "") + (TRUE_ERROR if known else "") + (WEIGHTS if averaged else "")


def comparisons(panel: Panel, moments: Sequence[str] = RAW) -> list[Comparison]:
    """All comparisons of a panel at some moments."""
    return [
        aggregate.compare(panel, loss, metric, moment)
        for metric in aggregate.compared(panel)
        for moment in moments
        for loss in panel.losses
        if loss != panel.reference
    ]


def _words(comparison: Comparison) -> dict[str, object]:
    absent = {"middle": "no pairs", "p": "no pairs", "low": "too few seeds", "high": "too few seeds"}
    return {name: absent.get(name, "") if value is None else value for name, value in asdict(comparison).items()}


def _sections(panel: Panel, numbering: Numbering) -> list[Section]:
    averaged = [moment for moment in panel.moments() if moment in AVERAGED]
    found = [_section(panel, numbering, panel.title, RAW)]
    if comparisons(panel, averaged):
        found.append(_section(panel, numbering, f"{panel.title}: averaged weights", averaged))
    return found


def _section(panel: Panel, numbering: Numbering, title: str, moments: Sequence[str]) -> Section:
    lines = [
        [
            comparison.loss,
            comparison.reference,
            numbering.label(panel, comparison.metric),
            comparison.moment,
            comparison.pairs,
            comparison.kind,
            number(comparison.middle) if comparison.pairs else "no pairs",
            interval(comparison.low, comparison.high),
            probability(comparison.p) if comparison.pairs else "no pairs",
        ]
        for comparison in comparisons(panel, moments)
    ]
    note = "" if lines else "Nothing to compare: one loss, or no cell with values."
    return section(title, HEADER, lines, note, panel)
