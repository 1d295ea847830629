"""Quality against the seconds of a whole training, and the losses that no other beats in both."""

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from matplotlib.axes import Axes

from reports.aggregate import middle, primaries, values
from reports.figures.base import Drawn, Kind, group_slug, losses_of, palette_of, together
from reports.figures.style import Look, canvas, fit_scale, log_scale, name_axes, plain
from reports.loading import Run
from reports.metrics import has_ratios
from reports.panels import Panel
from reports.timings import step_seconds


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task and data set that was timed: an axes per recipe and domain."""
    for group in together(panels):
        found = [(panel, metric, points(run, panel, metric)) for panel in group for metric in primaries(panel)]
        found = [part for part in found if part[2]]
        losses = [loss for loss in losses_of(group, curved=False) if any(loss in each for _, _, each in found)]
        if losses:
            palette = palette_of(run, losses)
            figure, axes = canvas(1, len(found), "Quality against seconds", palette, (2.9, 2.1), (0.75, 0.75))
            for axis, (panel, metric, each) in zip(axes[0], found, strict=True):
                draw_metric(axis, panel, metric, each, palette)
            yield group_slug(group), figure


def points(run: Run, panel: Panel, metric: str) -> dict[str, tuple[float, float]]:
    """(seconds of the training, median of the best states) of every loss that was timed."""
    seconds, found = step_seconds(run, panel), {}
    for loss in panel.losses:
        steps = [cell.settings["steps"] for cell in panel.scored(loss) if isinstance(cell.settings.get("steps"), int)]
        height = middle(panel, loss, metric, "best")
        if loss in seconds and steps and height is not None:
            found[loss] = (seconds[loss] * float(median(steps)), height)
    return found


def front(places: Mapping[str, tuple[float, float]]) -> list[str]:
    """The names of the points that no other is below in one number and not above in the other, by the first number.

    Example:
        >>> front({"a": (1.0, 9.0), "b": (2.0, 5.0), "c": (3.0, 6.0), "d": (3.0, 4.0)})
        ['a', 'b', 'd']
    """
    best, found = float("inf"), []
    for name, (_, height) in sorted(places.items(), key=lambda item: item[1]):
        if height < best:
            best = height
            found.append(name)
    return found


def draw_metric(
    axis: Axes, panel: Panel, metric: str, places: dict[str, tuple[float, float]], palette: dict[str, Look]
) -> None:
    """Every seed small, the medians large, those of the front ringed and joined."""
    every: list[float] = []
    for loss, (x, y) in places.items():
        seeds = list(values(panel, loss, metric, "best").values())
        every += seeds
        axis.plot(
            [x] * len(seeds), seeds, "o", color=palette[loss].colour, markersize=2.5, alpha=0.4, markeredgewidth=0
        )
        axis.plot(x, y, "o", color=palette[loss].colour, markersize=6)
    best = [places[loss] for loss in front(places)]
    axis.plot(*zip(*best, strict=True), color="#444444", linewidth=0.9, linestyle=":", drawstyle="steps-post")
    ring: dict[str, Any] = {
        "markersize": 11,
        "markerfacecolor": "none",
        "markeredgecolor": "#444444",
        "markeredgewidth": 0.9,
    }
    axis.plot(*zip(*best, strict=True), "o", **ring)
    name_axes(axis, plain(panel.label), "training time (s)", f"{plain(metric)} (lower is better)")
    if has_ratios(metric) and min(every) > 0:
        log_scale(axis, every)
    else:
        fit_scale(axis, every)


KIND = Kind(
    "pareto",
    "Quality against seconds",
    "Median of the best states, every seed small, against the seconds of the whole training (steps × the typical step of the timing "
    "pass). Ringed and joined: the Pareto front of the medians, which no other loss beats in both. Medians that lie near each "
    "other may change places with other seeds: whether they differ is for the verdicts.",
    "",
    draw,
)
