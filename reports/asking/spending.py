"""Which loss for so many seconds: a table and a sentence for each panel and each device that was timed."""

from collections.abc import Iterator, Sequence
from math import inf, isfinite, nan

from reports import aggregate
from reports.asking.budget import Bought, buy, judged, on_test, untrained
from reports.asking.compare import INDENT, verdict_of
from reports.asking.finding import panels_of
from reports.asking.words import AskError, columns, count, listed, paragraph, printable, unmarked
from reports.families import Family
from reports.loading import Run
from reports.panels import Panel
from reports.statistics import median_interval
from reports.text import interval, local, number
from reports.timings import StepTime, step_times
from reports.verdicts import BETTER, EQUIVALENT, FEW, UNDECIDED, WORSE
from reports.wording import sentences

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST = 1e9  # seconds, some 30 years
NOTE = (
    "Values are of the state that the record's own rule would have chosen by then. On validation the same images choose "
    "and show, which flatters a little, all losses alike; on test images only the state that was chosen from the whole "
    "training was measured. Where that is the one of every cell, verdicts are on test, otherwise on validation. Seconds "
    "are those of training steps, steps × the typical step of the timing pass, without evaluation and saving; values are "
    "as coarse as the evaluations. Cells that diverged or failed count as the worst, whenever they did. Interval: between "
    "two of the seeds' values, it holds the median in at least 95 % of cases. Verdicts are adjusted for all pairs of a table."
)
WORDS = {BETTER: "better than", WORSE: "worse than", EQUIVALENT: "equivalent to", UNDECIDED: "undecided against"}
WORDS |= {FEW: "with too few seeds for a verdict against"}


def seconds_of(text: str) -> float:
    """The seconds that a text asks for.

    Raises:
        AskError: it is no number of seconds, minutes or hours above 0.

    Example:
        >>> seconds_of("600s"), seconds_of("10m"), seconds_of("2h"), seconds_of("90"), seconds_of("1.5h")
        (600.0, 600.0, 7200.0, 90.0, 5400.0)
    """
    words = text.strip().lower()
    digits = words.rstrip("smh")
    unit = words[len(digits) :]
    try:
        found = float(digits) * UNITS[unit]
    except (ValueError, KeyError):
        found = -1.0
    if not 0 < found <= LONGEST:
        raise AskError(
            f"--budget {printable(text)} is no time above 0 (at most {LONGEST:g} s); give 90, 600s, 10m or 2h."
        )
    return found


def spend(run: Run, seconds: float) -> str:
    """The answer for every panel, device and primary distance, as lines of text.

    Raises:
        AskError: no panel was timed.
    """
    parts = [part for panel in panels_of(run) for part in _panel(run, panel, seconds)]
    if not any(timed for timed, _ in parts):
        raise AskError(
            f"no timing pass of these losses is in {printable(run.title)}; the run's command, given again, takes one."
        )
    return "\n\n".join([*(words for _, words in parts), paragraph([NOTE])])


def _panel(run: Run, panel: Panel, seconds: float) -> Iterator[tuple[bool, str]]:
    times, distances = step_times(run, panel), aggregate.primaries(panel)
    if not times:
        yield False, f"{printable(panel.title)}: not timed, so that seconds buy nothing that is known."
    elif not distances:
        yield True, f"{printable(panel.title)}: no cell has quality values."
    else:
        for timing in {id(time.timing): time.timing for time in times}.values():
            own = [time for time in times if time.timing is timing]
            for metric in distances:
                yield True, _answer(run, panel, own, seconds, metric)


def _answer(run: Run, panel: Panel, times: Sequence[StepTime], seconds: float, metric: str) -> str:
    bought = [buy(panel, time, seconds, metric) for time in times]
    tested = on_test(bought)
    worst = aggregate.ceiling(panel, metric) if tested else untrained(panel, metric)
    found = judged(run, panel, metric, tested or bought, nan if worst is None else worst)
    title = f"{panel.title}; {number(seconds)} s on {local(times[0].device)}"
    header = ["loss", "steps", "trained for", "chosen at", "seeds", f"{metric} on validation [95 %]", "on test"]
    rows = [_row(each) for each in bought]
    untimed = [loss for loss in panel.losses if loss not in {time.loss for time in times}]
    rows += [[loss, "not timed", *[""] * 5] for loss in untimed]
    words = [_leader(found, tested, "test") if tested else _leader(found, bought, "validation")]
    words += [_beyond(bought, times, seconds), *map(unmarked, sentences(found))]
    lines = [paragraph([printable(line)], INDENT) for line in words if line]
    return "\n".join([printable(title), "", columns([header, *rows], INDENT), "", *lines])


def _row(each: Bought) -> list[str]:
    known = [value for value in each.values.values() if isfinite(value)]
    failed = len(each.values) - len(known)
    seeds = f"{len(each.values)}" + (f" ({failed} failed)" if failed else "")
    trained = count(each.trained)
    if not each.values:
        return [each.loss, count(each.steps), trained, "no evaluation by then", "0", "none", "none"]
    ends = sorted(each.at.values())
    at = (count(ends[0]) if ends[0] == ends[-1] else f"{count(ends[0])} to {count(ends[-1])}") if ends else "none"
    shown = _middle(each) + ("" if failed else f" {interval(*(median_interval(known) or (None, None)))}")
    tested = next(map(_middle, on_test([each])), "not measured")
    return [each.loss, count(each.steps), trained, at, seeds, shown, tested]


def _middle(each: Bought) -> str:
    return "half failed" if each.middle == inf else number(each.middle)


def _leader(found: Family, bought: Sequence[Bought], images: str) -> str:
    """Which loss has the best median, and what the seeds say of it against the others."""
    ranked = sorted((each for each in bought if isfinite(each.middle)), key=lambda each: each.middle)
    if not ranked:
        return "No loss was evaluated within the budget in half of its seeds, or more failed: there is no answer."
    first = ranked[0].loss
    verdicts = [(other, verdict_of(found, first, other)) for other in (each.loss for each in bought) if other != first]
    kinds = [
        (words, [name for name, verdict in verdicts if verdict and verdict.word == word])
        for word, words in WORDS.items()
    ]
    told = [f"{words} {listed(names)}" for words, names in kinds if names]
    against = f": {'; '.join(told)}" if told else ""
    return f"The best median on {images} is that of {first}, {number(ranked[0].middle)}{against}."


def _beyond(bought: Sequence[Bought], times: Sequence[StepTime], seconds: float) -> str:
    """Which losses were trained for less than the budget."""
    typical = {time.loss: time.typical for time in times}
    short = [(each.loss, each.trained * typical[each.loss]) for each in bought if each.beyond and each.trained]
    named = [f"{loss} ({number(spent)} s)" for loss, spent in short]
    if not named:
        return ""
    words = "was" if len(named) == 1 else "were"
    return f"{listed(named)} {words} trained for less than {number(seconds)} s: the last values stand, nothing is extrapolated."
