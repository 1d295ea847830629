"""Better, worse, equivalent or undecided: every pair of losses of a panel."""

from reports import families, metrics
from reports.families import Family
from reports.loading import Run
from reports.numbering import Numbering
from reports.panels import AVERAGED, Panel
from reports.tables.base import Row, Section, Table, make_frame, names_of, section
from reports.text import number, probability
from reports.verdicts import Verdict
from reports.wording import apart, unjudged

MANY = 15  # pairs, of six losses: beyond, the page shows best states alone
NOTE = (
    "A family is all pairs of losses of a panel by its primary distance, at one moment. Ratios of the first to the second, paired by seed; "
    "below 1, the first is better. p: two-sided sign-flip test, adjusted for the family by step-down max-T over joint "
    "flips; its smallest value is 2 / 2ⁿ. It keeps the share of families with any false *better* or *worse* near 5 % "
    "where differences are as likely up as down; a loss that is mostly alike and sometimes much worse is not of that kind. "
    "*Equivalent* is said pair by pair, at 5 % each: the 90 % interval lies within the margin. Could have seen: the ratio "
    "(up, or its inverse down) that 80 % of suites with this spread, this many seeds and losses would find. Failed cells count "
    "as the worst value of the panel, or as the untrained generators' median where that is worse; beside it stands the verdict "
    "of the survivors alone."
)
HEADER = ["first", "against", "metric", "of", "verdict", "n", "ratio [95 %]", "90 %", "adjusted p", "could have seen"]
HEADER += ["failed", "survivors alone"]


def build(run: Run, panels: list[Panel]) -> Table | None:
    """The table of verdicts; None where no panel has two losses."""
    numbering = Numbering(panels)
    found = [(panel, families.families(run, panel)) for panel in panels]
    rows = [_row(each, verdict, numbering) for _, every in found for each in every for verdict in each.verdicts]
    if not rows:
        return None
    parts = [_section(panel, every, numbering) for panel, every in found]
    return Table("verdicts", "Verdicts", parts, make_frame(rows, absent="none"), NOTE)


def _row(each: Family, verdict: Verdict, numbering: Numbering) -> Row:
    settings = apart(families.differing(each.panel, verdict.first, verdict.second))
    row: Row = {**names_of(each.panel), "loss": verdict.first, "against": verdict.second, "metric": each.metric}
    row |= {"of": each.moment, "measure": "ratio" if verdict.logarithmic else "difference", "verdict": verdict.word}
    row |= {"pairs": verdict.n, "effect": verdict.ratio, "low": verdict.low, "high": verdict.high}
    row |= {"low 90": verdict.low90, "high 90": verdict.high90, "p": verdict.p, "adjusted p": verdict.p_adjusted}
    row |= {"could have seen": verdict.smallest, "within margin": verdict.within, "margin": verdict.margin}
    row |= {"margin declared": each.declared, "failed": verdict.failed[0], "failed of the other": verdict.failed[1]}
    survivors = verdict.survivors or verdict
    row |= {"survivors' verdict": survivors.word, "survivors' pairs": survivors.n, "survivors' effect": survivors.ratio}
    row |= {"survivors' adjusted p": survivors.p_adjusted, "differ in": settings or "the loss alone"}
    return row | {"selection": families.selection(each.panel)} | numbering.column(each.panel)


def _section(panel: Panel, every: list[Family], numbering: Numbering) -> Section:
    many = any(len(each.verdicts) > MANY for each in every)
    shown = [each for each in every if each.moment in ("best", AVERAGED[0]) or not many]
    lines = [_line(each, verdict, numbering) for each in shown for verdict in each.verdicts]
    notes = ["Other moments stand in the CSV file alone."] if many and lines else []
    notes += [] if lines else ["Nothing to judge: one loss, or no cell that ran to an outcome."]
    notes += [f"N{unjudged(each)[1:]}." for each in every if each.left_out and each.verdicts][:1]
    declared = next((each for each in every if each.declared), None)
    notes += [f"Margin of equivalence, as the run declared it: {number(declared.margin)}."] if declared else []
    if not any(metrics.has_ratios(each.metric) for each in every) and lines:
        notes.append(
            "The distance can be negative: differences stand in place of ratios, and equivalence is not judged."
        )
    return section(panel.title, HEADER, lines, " ".join(notes), panel)


def _line(each: Family, verdict: Verdict, numbering: Numbering) -> list[str | int]:
    word = verdict.word + (", less than the margin" if verdict.decided and verdict.within else "")
    survivors = verdict.survivors
    alone = f"{survivors.word}, {number(survivors.ratio)}, n = {survivors.n}" if survivors else "the same"
    return [
        verdict.first,
        verdict.second,
        numbering.label(each.panel, each.metric),
        each.moment,
        word,
        verdict.n,
        f"{number(verdict.ratio)} {_ends(verdict.low, verdict.high)}",
        _ends(verdict.low90, verdict.high90),
        probability(verdict.p_adjusted),
        number(verdict.smallest),
        f"{verdict.failed[0]}, {verdict.failed[1]}",
        alone,
    ]


def _ends(low: float | None, high: float | None) -> str:
    return "no interval" if low is None or high is None else f"[{number(low)}, {number(high)}]"
