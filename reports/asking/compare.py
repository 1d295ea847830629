"""Two losses, in every panel that holds both: the verdict and all that it should be read with."""

from collections.abc import Iterator
from dataclasses import replace

from reports import aggregate
from reports.asking.finding import panels_of
from reports.asking.words import AskError, columns, paragraph, printable, unmarked
from reports.citing import copied
from reports.families import Family, differing, family, selection
from reports.loading import Run
from reports.panels import RAW, Panel
from reports.tables.base import counted
from reports.tables.saturation import STATISTICS, networks, summary
from reports.text import local, number
from reports.timings import StepTime, step_times
from reports.verdicts import Verdict
from reports.wording import apart, sentence, unjudged, where

INDENT = "  "
Lines = Iterator[list[str]]


def compare(run: Run, first: str, second: str) -> str:
    """The comparison of two losses, as lines of text: per panel verdicts, medians, wins, saturation, cost and settings.

    Raises:
        AskError: no panel holds both.
    """
    panels = [panel for panel in panels_of(run) if {first, second} <= set(panel.losses)]
    if not panels or first == second:
        known = ", ".join(printable(loss) for loss in run.loss_order())
        names = f"{printable(first)} and {printable(second)}"
        raise AskError(f"no panel compares {names}; give two losses ({known}) of one recipe, or two cells' ids.")
    return "\n\n".join(_panel(run, panel, first, second) for panel in panels)


def _panel(run: Run, panel: Panel, first: str, second: str) -> str:
    found = [family(run, panel, metric, moment) for metric in aggregate.primaries(panel) for moment in panel.moments()]
    rows = [["", first, second], ["cells", *(counted(panel.of(loss)) for loss in (first, second))]]
    rows += [*_quality(panel, first, second), *_cost(run, panel, first, second), *_saturation(panel, first, second)]
    best = [each for each in found if each.moment == RAW[0]]
    verdicts = [(each, own) for each in best if (own := verdict_of(each, first, second)) is not None]
    words = [*(_said(each, first, second) for each in found), _ratios(run, panel, first, second)]
    words += [_settings(panel, first, second)]
    parts = [printable(panel.title), "\n".join(paragraph([word], INDENT) for word in words if word)]
    parts += [columns(rows, INDENT)] + [_to_copy(run, *pair) for pair in verdicts]
    return "\n\n".join(parts)


def verdict_of(judged: Family, first: str, second: str) -> Verdict | None:
    """What a family says of the first loss against the second; None where either is in no pair."""
    for verdict in judged.verdicts:
        if {verdict.first, verdict.second} == {first, second}:
            return verdict if verdict.first == first else verdict.turned()
    return None


def _said(judged: Family, first: str, second: str) -> str:
    verdict = verdict_of(judged, first, second)
    if verdict is not None:
        return f"{judged.moment.capitalize()}: {unmarked(sentence(verdict, where(judged)))}"
    left = replace(judged, left_out=tuple(loss for loss in judged.left_out if loss in (first, second)))
    return f"{judged.moment.capitalize()}: {unmarked(unjudged(left))}."


def _quality(panel: Panel, first: str, second: str) -> Lines:
    for metric in aggregate.compared(panel):
        for moment in panel.moments():
            middles = [aggregate.middle(panel, loss, metric, moment) for loss in (first, second)]
            yield [f"{moment} {metric}, median", *map(number, middles)]
        wins = _wins(panel, metric, first, second)
        yield [f"best {metric}, seeds won of {wins[2]}", *map(str, wins[:2])]


def _wins(panel: Panel, metric: str, first: str, second: str) -> tuple[int, int, int]:
    """Seeds at which (the first, the second) is lower, which is better, of how many that both have; ties are neither's."""
    ours, theirs = (aggregate.values(panel, loss, metric, "best") for loss in (first, second))
    both = [(ours[seed], theirs[seed]) for seed in sorted(set(ours) & set(theirs))]
    return sum(one < other for one, other in both), sum(one > other for one, other in both), len(both)


def _cost(run: Run, panel: Panel, first: str, second: str) -> Lines:
    for ours, theirs in _timed(run, panel, first, second):
        shown = [_spread(time.wall(), 1e3) for time in (ours, theirs)]
        yield [f"step (ms) [quartiles], {local(ours.device)}", *shown]


def _timed(run: Run, panel: Panel, first: str, second: str) -> list[tuple[StepTime, StepTime]]:
    """The timed steps of both losses, a pair for each device that timed both."""
    times = step_times(run, panel)
    ours, theirs = ([time for time in times if time.loss == loss] for loss in (first, second))
    return [(one, other) for one in ours for other in theirs if one.timing is other.timing]


def _ratios(run: Run, panel: Panel, first: str, second: str) -> str:
    pairs = _timed(run, panel, first, second)
    found = [(ours.device, replace(ours, reference=theirs.entry).ratio()) for ours, theirs in pairs]
    shown = [f"{_spread(ratio, 1)} on {local(device)}" for device, ratio in found if ratio]
    if not shown:
        return "Cost: no timing pass holds both."
    return printable(
        f"Cost: a step of {first} over one of {second}, median of the rounds [quartiles]: {'; '.join(shown)}."
    )


def _spread(values: tuple[float, float, float] | None, scale: float) -> str:
    middle, low, high = (number(scale * value) for value in values or (float("nan"),) * 3)
    return f"{middle} [{low}, {high}]"


def _saturation(panel: Panel, first: str, second: str) -> Lines:
    """Early → late of every statistic that either has."""
    for network in networks(panel):
        for statistic in STATISTICS:
            ends = [summary(panel, network, statistic, loss)[1:] for loss in (first, second)]
            if any(value is not None for pair in ends for value in pair):
                yield [f"{network}: {statistic}", *(f"{number(early)} → {number(late)}" for early, late in ends)]


def _settings(panel: Panel, first: str, second: str) -> str:
    words = unmarked(apart(differing(panel, first, second)))
    chosen = selection(panel)
    how = f" Best: the {printable(chosen)}." if chosen else ""
    return f"Settings: {f'{words} ({first} against {second})' if words else 'the same but for the loss'}.{how}"


def _to_copy(run: Run, judged: Family, verdict: Verdict) -> str:
    ruler = "-" * 20
    return f"{ruler} to copy {ruler}\n{copied(run, judged, verdict)}{ruler} to here {ruler}"
