"""Every trial of every tuned loss as a point, and what the best of k trials can be expected to score."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from benchmarks.records import slug
from reports.best_of import expected_best
from reports.figures.base import Drawn, Kind, palette_of
from reports.figures.style import (
    Look,
    canvas,
    log_scale,
    name_axes,
    name_ticks,
    overhang,
    plain,
    room_for,
    say,
    signed_scale,
)
from reports.loading import Run
from reports.panels import Panel
from reports.tables.best_of import GRID, NONE, curve
from reports.trials import Array, Tuning, tunings

FEW = 6
SPREAD = 0.6  # how much of a loss's place its points take
APART = 0.05  # between the intervals of two losses, in octaves


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task and data set: a row for all losses that were tuned alike."""
    found: dict[tuple[str, str], list[Tuning]] = {}
    for tuning in tunings(run):
        found.setdefault((tuning.task, tuning.data), []).append(tuning)
    for (task, data), group in found.items():
        losses = list(dict.fromkeys(loss for tuning in group for loss in tuning.losses))
        palette, across = palette_of(run, losses), 0.75 if len(losses) <= FEW else 0.42
        width = max(2.9, across * len(losses))
        labels = [_label(tuning, loss) for tuning in group for loss in tuning.losses]
        room, left = room_for(labels, across), max(0.75, overhang(labels[: len(losses)], across))
        title = "Every trial of the tuned recipe, and the expected best of k"
        figure, axes = canvas(
            len(group), 2, title, palette, (width, 2.1), (0.8, 0.55 + room), (left, max(0.5, 0.15 + room))
        )
        for (first, second), tuning in zip(axes, group, strict=True):
            draw_trials(first, tuning, palette)
            draw_curves(second, tuning, palette)
        yield f"{slug(task)}-{slug(data)}", figure


def draw_trials(axis: Axes, tuning: Tuning, palette: dict[str, Look]) -> None:
    """A point for each trial, in the order of the draws: at the same place within every loss stands the same setting."""
    name_axes(axis, plain(tuning.note or "every trial"), "", plain(f"{tuning.metric}, validation"))
    every = [np.empty(0)]
    for place, (loss, trials) in enumerate(tuning.losses.items()):
        scores, look = tuning.filled(loss), palette[loss]
        if scores is None:
            continue
        every.append(scores)
        across = place + SPREAD * (np.linspace(-0.5, 0.5, len(scores)) if len(scores) > 1 else np.zeros(1))
        sound = np.isfinite(trials.scores)
        size = 4 if len(scores) <= 64 else 2
        axis.plot(across[sound], scores[sound], "o", color=look.colour, markersize=size, alpha=0.7, markeredgewidth=0)
        axis.plot(across[~sound], scores[~sound], "x", color=look.colour, markersize=size + 1, markeredgewidth=1.2)
        axis.hlines(float(np.median(scores)), place - 0.35, place + 0.35, color=look.colour, linewidth=1.2)
        if trials.chosen is not None:
            chosen = across[trials.chosen], scores[trials.chosen]
            axis.plot(*chosen, "o", color=look.colour, markersize=size + 4, markeredgewidth=0.9, markerfacecolor="none")
    name_ticks(axis, [_label(tuning, loss) for loss in tuning.losses])
    _scale(axis, np.concatenate(every))


def draw_curves(axis: Axes, tuning: Tuning, palette: dict[str, Look]) -> None:
    """The expected best over the number of trials, with intervals side by side at 1, 2, 4, … trials; the scale is the trials' own."""
    name_axes(axis, "expected best of k trials", "trials k", plain(f"{tuning.metric}, validation"))
    known = {loss: found for loss in tuning.losses if (found := curve(tuning, loss))}
    if not known:
        grid = any(trials.space is None for trials in tuning.losses.values())
        say(axis, GRID if grid else NONE)
        return
    scores = {loss: filled for loss in tuning.losses if (filled := tuning.filled(loss)) is not None}
    _scale(axis, np.concatenate(list(scores.values())))
    for place, (loss, found) in enumerate(known.items()):
        look, tries = palette[loss], range(1, len(scores[loss]) + 1)
        middles = [expected_best(scores[loss], count) for count in tries]
        axis.plot(tries, middles, color=look.colour, linestyle=look.dash, linewidth=look.width)
        _draw_intervals(axis, found, 2 ** (APART * (place - (len(known) - 1) / 2)), look)
    shown = sorted({tries for found in known.values() for tries in found})
    axis.set_xscale("log", base=2)
    axis.set_xlim(0.8, 1.25 * shown[-1])
    axis.set_xticks(shown, [str(tries) for tries in shown])
    axis.xaxis.set_minor_locator(NullLocator())


def _draw_intervals(axis: Axes, found: dict[int, tuple[float, float | None, float]], shift: float, look: Look) -> None:
    """Bars with a cap at each end; one without a lower end reaches to the bottom, as one does whose end lies below it."""
    bottom, top = axis.get_ylim()
    for tries, (middle, low, high) in found.items():
        lowest = bottom if low is None else max(low, bottom)
        axis.vlines(tries * shift, lowest, high, color=look.colour, linewidth=0.9, alpha=0.6)
        caps = [end for end in (low, high) if end is not None and end > bottom]
        axis.plot([tries * shift] * len(caps), caps, "_", color=look.colour, markersize=4, markeredgewidth=1.0)
        axis.plot(tries * shift, middle, "o", color=look.colour, markersize=2.5)
    axis.set_ylim(bottom, top)


def _scale(axis: Axes, values: Array) -> None:
    if not len(values):
        say(axis, NONE)
    elif values.min() > 0:
        log_scale(axis, values)
    else:
        signed_scale(axis, values)


def _label(tuning: Tuning, loss: str) -> str:
    failed = tuning.losses[loss].failed
    return f"{plain(loss)}\n{failed} failed" if failed else plain(loss)


KIND = Kind(
    "tuning",
    "Every trial, and the expected best of k",
    "Left: one point per trial, the median over the tuning seeds of the lowest value on validation, in the order of the trials, so that "
    "the same setting stands at the same place within every loss; a bar at the median, a ring around the one that was chosen. A "
    "cross stands for a trial that was not trained to its end, at the worst score of any trial of any loss, as which it counts. "
    "Right: what the best of k trials can be expected to score, for trials drawn at random (the mean over all subsets of k of them; "
    "arXiv:1909.03004, unbiased as in arXiv:2004.13705). Bars are intervals of at least 95 %, for all k of a loss together and "
    "whatever the distribution (in 4,000 simulated tunings each of 8, 16 and 32 trials they held in 99.8 % or more). They are wide "
    "because so few trials say little of what was not tried; one that reaches the bottom goes on below it, to the end that the table "
    "has, or to none where the metric has no floor. Trials are no verdict: the chosen settings are judged on other seeds.",
    "",
    draw,
)
