"""How the trials of every loss scored, and what the best of k of them can be expected to score."""

from collections.abc import Iterable

import numpy as np

from benchmarks.records import space_in_words
from reports.best_of import expected_best, expected_best_interval, shown_tries
from reports.loading import Run
from reports.panels import Panel
from reports.tables.base import Row, Section, Table, make_frame, wide_section
from reports.text import local, number
from reports.trials import Trials, Tuning, tunings

NOTE = (
    "One line for each loss; lower is better. A trial that was not trained to its end counts as the worst score of any trial of any "
    "loss here. *Best of k*: what the best of k trials can be expected to score, the mean over all subsets of k of the trials "
    "(arXiv:2004.13705, the unbiased form of arXiv:1909.03004; of as many as there are it is the best that was seen). In brackets an "
    "interval of at least 95 % for all k of a line together, whatever the distribution; it is wide because it assumes nothing "
    "but that scores lie between 0, where the metric has that floor, and that worst one. Without a floor there is only an upper end: "
    "a setting better than all that were tried can have been missed. Of a grid's points, which are no draws, nothing is expected."
)
NONE = "no trial was trained to its end"
GRID = "a grid, no draws"


def build(run: Run, panels: list[Panel]) -> Table | None:
    """The table of the trials' distributions; None where nothing was tuned."""
    found = tunings(run)
    if not found:
        return None
    frame = make_frame([row for tuning in found for row in _rows(tuning)], absent="none")
    return Table(
        "best_of", "Trials: their distribution and the expected best of k", [*map(_section, found)], frame, NOTE
    )


def curve(tuning: Tuning, loss: str) -> dict[int, tuple[float, float | None, float]]:
    """The expected best and the ends of its interval by k; {} for a grid, and for a loss of whose trials none has a score."""
    scores, ceiling = tuning.filled(loss), tuning.ceiling
    if scores is None or ceiling is None or tuning.losses[loss].space is None:
        return {}
    return {
        tries: (expected_best(scores, tries), *expected_best_interval(scores, tries, ceiling, tuning.floor))
        for tries in shown_tries(len(scores))
    }


def _rows(tuning: Tuning) -> Iterable[Row]:
    for loss, trials in tuning.losses.items():
        row: Row = {"task": tuning.task, "data": local(tuning.data), "note": tuning.note, "metric": tuning.metric}
        row |= {"loss": loss, "trials": len(trials.scores), "failed": trials.failed}
        row |= dict(zip(("median", "lower quartile", "upper quartile", "best"), _spread(tuning, loss), strict=True))
        for tries, (middle, low, high) in curve(tuning, loss).items():
            row |= {f"best of {tries}": middle, f"best of {tries}, low": low, f"best of {tries}, high": high}
        yield row


def _spread(tuning: Tuning, loss: str) -> list[float | None]:
    """Median, lower and upper quartile and lowest of a loss's scores."""
    scores = tuning.filled(loss)
    return [None] * 4 if scores is None else [float(value) for value in np.quantile(scores, [0.5, 0.25, 0.75, 0.0])]


def _section(tuning: Tuning) -> Section:
    every = sorted({tries for trials in tuning.losses.values() for tries in shown_tries(len(trials.scores))})
    header = ["loss", "trials", "failed", "median (quartiles)", "best", *(f"best of {tries}" for tries in every)]
    return wide_section(tuning.title, header, [_line(tuning, loss, every) for loss in tuning.losses], _origin(tuning))


def _line(tuning: Tuning, loss: str, every: Iterable[int]) -> list[str]:
    trials, (middle, lower, upper, best) = tuning.losses[loss], _spread(tuning, loss)
    count = len(trials.scores)
    words = [loss, str(count), f"{trials.failed} ({100 * trials.failed / count:.0f} %)"]
    if best is None:
        return [*words, *([NONE] * (2 + len(list(every))))]
    found = curve(tuning, loss)
    absent = GRID if trials.space is None else "not tried"
    shown = [_expected(*found[tries]) if tries in found else absent for tries in every]
    return [*words, f"{number(middle)} ({number(lower)} to {number(upper)})", number(best), *shown]


def _expected(middle: float, low: float | None, high: float) -> str:
    ends = f"at most {number(high)}" if low is None else f"{number(low)}, {number(high)}"
    return f"{number(middle)} [{ends}]"


def _origin(tuning: Tuning) -> str:
    """What the trials were drawn from and compared by, as it was declared."""
    words = dict.fromkeys(_origin_of(trials, tuning.metric) for trials in tuning.losses.values())
    return " ".join(words)


def _origin_of(trials: Trials, metric: str) -> str:
    seeds = ", ".join(map(str, trials.seeds))
    of = f"the lowest {metric} on validation, median over the tuning seeds {seeds}"
    if trials.space is None:
        return f"All points of one grid, compared by {of}."
    return f"Drawn once for all losses from {space_in_words(trials.space)} ({trials.sampler}), compared by {of}."
