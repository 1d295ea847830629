"""The first screen's table: what a loss reaches, what it costs and what is left of its gradient, a row each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from reports import aggregate
from reports.families import Family, family
from reports.loading import Run
from reports.numbering import Numbering
from reports.panels import Panel
from reports.statistics import median_interval
from reports.tables.base import Section, counted, why_missing
from reports.tables.saturation import networks, summary
from reports.text import number
from reports.timings import own_times
from reports.verdicts import Verdict

LOST = "decades_lost"
NOTE = (
    "Medians over the seeds, in brackets the median's interval of 95 % (order statistics) from 6 seeds on; of a verdict the interval of "
    "the ratio, of times the reference's the quartiles. Decades lost: by how many powers of ten the gradient at the fakes fell."
)


def overview(run: Run, panels: Sequence[Panel]) -> list[Section]:
    """A section for each panel and each of its domains."""
    numbering = Numbering(panels)
    found = [
        _section(run, panel, metric, numbering) for panel in panels for metric in aggregate.primaries(panel) or [""]
    ]
    return [*found[:-1], *(replace(last, note=f"{last.note} {NOTE}".strip()) for last in found[-1:])]


def _section(run: Run, panel: Panel, metric: str, numbering: Numbering) -> Section:
    header = ["loss", "cells", f"best {metric or 'quality'}", "final", f"best against {panel.reference}"]
    header += ["step (ms)", f"times {panel.reference}", "decades lost"]
    judged = family(run, panel, metric, "best") if metric else None
    lines = [
        [
            loss,
            counted(panel.of(loss)),
            *(spread(panel, loss, metric, moment) for moment in ("best", "final")),
            standing(judged, loss, panel.reference),
            *cost(run, panel).get(loss, ("not timed", "not timed")),
            lost(panel, loss),
        ]
        for loss in panel.losses
    ]
    title = f"{panel.title}{numbering.mark(panel, metric)}"
    return Section(title, header, lines, _device(run, panel), panel=panel)


def spread(panel: Panel, loss: str, metric: str, moment: str) -> str:
    """The median over the seeds with its interval, or why there is none."""
    found = list(aggregate.values(panel, loss, metric, moment).values())
    if not found:
        return why_missing(panel.of(loss))
    ends = median_interval(found)
    middle = number(aggregate.middle(panel, loss, metric, moment))
    return f"{middle} [{number(ends[0])}, {number(ends[1])}]" if ends else middle


def standing(judged: Family | None, loss: str, reference: str) -> str:
    """The verdict on a loss against the reference in a few words."""
    if loss == reference:
        return "the reference"
    pairs = {(each.first, each.second): each for each in judged.verdicts} if judged else {}
    verdict = pairs.get((loss, reference)) or _turned(pairs.get((reference, loss)))
    if verdict is None or not verdict.n:
        return "not judged"
    ends = f" [{number(verdict.low)}, {number(verdict.high)}]" if verdict.low is not None else ""
    return f"{verdict.word}, {number(verdict.ratio)}{ends}"


def _turned(verdict: Verdict | None) -> Verdict | None:
    return None if verdict is None else verdict.turned()


def cost(run: Run, panel: Panel) -> Mapping[str, tuple[str, str]]:
    """Milliseconds of each timed loss's step, and times the reference's with quartiles."""
    found = {}
    for time in own_times(run, panel):
        ratio, (middle, *_) = time.ratio(), time.device_time() or time.wall()
        ends = "no reference" if ratio is None else f"{number(ratio[0])} [{number(ratio[1])}, {number(ratio[2])}]"
        found[time.loss] = (number(1e3 * middle), ends)
    return found


def lost(panel: Panel, loss: str) -> str:
    """The decades that the gradient at the fakes lost, in the domain that lost most."""
    ends = [summary(panel, network, LOST, loss)[2] for network in networks(panel)]
    known = [value for value in ends if value is not None]
    return number(max(known)) if known else "not measured"


def _device(run: Run, panel: Panel) -> str:
    times = own_times(run, panel)
    return f"Steps timed on {times[0].device}." if times else ""
