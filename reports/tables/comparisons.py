"""Every loss against the reference, paired by seed."""

from dataclasses import asdict

from reports import aggregate
from reports.aggregate import Comparison
from reports.loading import Run
from reports.metrics import has_ratios
from reports.panels import Panel
from reports.tables.base import Table, make_frame, names_of, section
from reports.text import interval, number, probability

NOTE = (
    "Paired by seed. Ratios for Fréchet distances (below 1: better than the reference), differences for kernel distances, "
    "which can be negative. The interval (at least 95 %) holds the values that a sign-flip test does not reject; p is that "
    "test's, two-sided, not corrected for the number of comparisons. A large p shows no difference; it does not show "
    "that there is none."
)
TRUE_ERROR = (
    " `true_share`, the error over the untranslated pictures' where the truth is known, is compared by ratios too."
)
HEADER = ["loss", "against", "metric", "of", "pairs", "measure", "median", "interval", "p"]


def build(run: Run, panels: list[Panel]) -> Table:
    """The table of comparisons."""
    compared = [(panel, comparison) for panel in panels for comparison in comparisons(panel)]
    columns = [*names_of(panels[0]), *Comparison.__dataclass_fields__]
    rows = [{**names_of(panel), **_words(comparison)} for panel, comparison in compared]
    frame = make_frame(rows, columns)
    known = any(has_ratios(metric) for panel in panels for metric in panel.translation())
    note = NOTE + TRUE_ERROR if known else NOTE
    return Table("comparisons", "Against the reference", "\n".join(_section(panel) for panel in panels), frame, note)


def comparisons(panel: Panel) -> list[Comparison]:
    """All comparisons of a panel."""
    return [
        aggregate.compare(panel, loss, metric, moment)
        for metric in aggregate.compared(panel)
        for moment in ("best", "final")
        for loss in panel.losses
        if loss != panel.reference
    ]


def _words(comparison: Comparison) -> dict[str, object]:
    absent = {"middle": "no pairs", "p": "no pairs", "low": "too few seeds", "high": "too few seeds"}
    return {name: absent.get(name, "") if value is None else value for name, value in asdict(comparison).items()}


def _section(panel: Panel) -> str:
    lines = [
        [
            comparison.loss,
            comparison.reference,
            comparison.metric,
            comparison.moment,
            comparison.pairs,
            comparison.kind,
            number(comparison.middle) if comparison.pairs else "no pairs",
            interval(comparison.low, comparison.high),
            probability(comparison.p) if comparison.pairs else "no pairs",
        ]
        for comparison in comparisons(panel)
    ]
    return section(panel.title, HEADER, lines, "" if lines else "Nothing to compare: one loss, or no finished cell.")
