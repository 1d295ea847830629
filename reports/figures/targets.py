"""Share of runs that have reached the target, against effort."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, MaxNLocator

from reports.figures.base import Drawn, Kind, palette_of
from reports.figures.style import Look, canvas, name_axes, plain, say
from reports.loading import Run
from reports.metrics import HIGHER, better
from reports.panels import Panel
from reports.targets import Target, attempts, efforts, targets, waiting
from reports.text import number

AXES = {"step": "generator step", "seconds": "training time (s)"}


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel: a row per target, a column per measure of effort."""
    for panel in panels:
        found = targets(run, panel)
        losses = [loss for loss in panel.losses if any(attempts(panel, loss, target) for target in found)]
        if losses:
            palette = palette_of(run, losses)
            title = f"Share of runs at the target, {plain(panel.label)}"
            figure, axes = canvas(len(found), len(AXES), title, palette, (2.4, 1.8), (0.6, 0.75))
            for row, target in enumerate(found):
                for column, effort in enumerate(AXES):
                    draw_effort(axes[row, column], run, panel, target, effort, palette)
                axes[row, 0].set_title(describe(target), loc="left")
            yield panel.slug, figure


def describe(target: Target) -> str:
    """The target in a title's words."""
    sign = "≥" if better(target.metric) == HIGHER else "≤"
    origin = "" if target.declared else " (not declared)"
    return f"{plain(target.metric)} {sign} {number(target.value)}{origin}"


def draw_effort(axis: Axes, run: Run, panel: Panel, target: Target, effort: str, palette: dict[str, Look]) -> None:
    """A staircase per loss; a bar where it ends with runs that never got there."""
    name_axes(axis, "", AXES[effort], "share of runs" if effort == next(iter(AXES)) else "")
    each = {loss: efforts(run, panel, loss).get(effort) for loss in palette}
    known = {loss: unit for loss, unit in each.items() if unit is not None}
    if not known:
        say(axis, "no timing record" if effort == "seconds" else "not counted")
        return
    for loss, unit in known.items():
        estimate = waiting(panel, loss, target, unit)
        if estimate is not None:
            last = max(unit * attempt.steps for attempt in attempts(panel, loss, target))
            x, y = np.concatenate([[0.0], estimate.times, [last]]), np.concatenate([[0.0], 1 - estimate.share])
            look = palette[loss]
            axis.step(
                x, np.append(y, y[-1]), where="post", color=look.colour, linestyle=look.dash, linewidth=look.width
            )
            if y[-1] < 1:
                axis.plot(last, y[-1], "|", color=look.colour, markersize=9, markeredgewidth=1.6)
    axis.set_ylim(-0.03, 1.03)
    axis.xaxis.set_major_locator(MaxNLocator(5))
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))


KIND = Kind(
    "targets",
    "Time to a target",
    "Share of the runs that have reached the target on validation, twice in a row (Kaplan-Meier); higher and further left is better. A "
    "bar at the end: the rest never got there within their budget. A target that was not declared is the median best of the "
    "reference, so that about half of the reference's runs reach it.",
    "",
    draw,
)
