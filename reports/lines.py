"""The verdicts of the first screen: a sentence each, and what a reader may copy with it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from reports import aggregate
from reports.citing import copied, quoted
from reports.document import Line
from reports.families import Family, family
from reports.loading import Run
from reports.panels import Panel
from reports.summary import ranked
from reports.targets import Target, efforts, targets, waiting
from reports.text import escape, number
from reports.wording import PAIRS, sentence, sentences, unjudged, where

NO_VERDICT = "no verdict, for want of two losses with a cell that ran to an outcome."


def lines(run: Run, panels: Sequence[Panel]) -> list[Line]:
    """What the seeds say by best states, panel by panel; with the names of task and data where there are several."""
    several = len({(panel.task, panel.data) for panel in panels}) > 1
    found = []
    for panel in ranked(panels):
        before = f"{escape(panel.task)} on {escape(panel.data)}, " if several else ""
        found += [replace(line, words=before + line.words, place=before + line.place) for line in lines_of(run, panel)]
    return found


def lines_of(run: Run, panel: Panel) -> list[Line]:
    """The verdicts of a panel."""
    judged = [family(run, panel, metric, "best") for metric in aggregate.primaries(panel)]
    found = [line for each in judged for line in _judged(run, each)] or [Line(NO_VERDICT)]
    found += [Line(words) for target in targets(run, panel) if (words := waits(run, panel, target))]
    place = f"{escape(panel.label)}: "
    return [Line(place + line.words, line.copied, panel.title, place) for line in found]


def waits(run: Run, panel: Panel, target: Target) -> str:
    """After how many times the reference's seconds half of a loss's runs reach a target; "" where that is not known."""
    seconds = {loss: _seconds(run, panel, loss, target) for loss in panel.losses}
    own = seconds.pop(panel.reference, None)
    if not own or not seconds:  # nothing is a multiple of no time at all
        return ""
    reached = {loss: value / own for loss, value in seconds.items() if value is not None}
    never = [escape(loss) for loss in seconds if loss not in reached]
    parts = [f"{escape(loss)} {number(ratio)} ×" for loss, ratio in sorted(reached.items(), key=lambda pair: pair[1])]
    parts += [f"not reached by half, or not timed: {', '.join(never)}"] if never else []
    said = "declared" if target.declared else f"{escape(panel.reference)}'s own median, not declared beforehand"
    return (
        f"seconds of steps until half of the runs reach {escape(target.metric)} of {number(target.value)} on validation ({said}), "
        f"times the {number(own)} s of {escape(panel.reference)}: {', '.join(parts)}."
    )


def _seconds(run: Run, panel: Panel, loss: str, target: Target) -> float | None:
    each = efforts(run, panel, loss).get("seconds")
    estimate = None if each is None else waiting(panel, loss, target, each)
    return None if estimate is None else estimate.median


def _judged(run: Run, judged: Family) -> Iterator[Line]:
    """A line per pair, or one per kind of verdict where there are many pairs."""
    if len(judged.verdicts) > PAIRS:
        losses = list(dict.fromkeys(name for each in judged.verdicts for name in (each.first, each.second)))
        yield from (Line(words, quoted(run, judged, words, losses)) for words in sentences(judged))
        return
    for verdict in judged.verdicts:
        yield Line(sentence(verdict, where(judged)), copied(run, judged, verdict))
    if judged.verdicts and judged.left_out:
        yield Line(f"{unjudged(judged)}.")
