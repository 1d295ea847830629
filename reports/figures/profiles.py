"""Performance profiles: the share of runs below every value."""

from collections.abc import Sequence
from math import exp

import numpy as np
from matplotlib.axes import Axes

from reports.aggregate import primaries
from reports.families import matrix
from reports.figures.base import Drawn, Kind, group_slug, losses_of, palette_of, together
from reports.figures.style import Look, canvas, log_scale, name_axes, plain, say
from reports.loading import Run
from reports.metrics import has_ratios
from reports.panels import Panel


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task and data set: an axes per recipe and domain."""
    for group in together(panels):
        found = [(panel, metric, curves(panel, metric)) for panel in group for metric in primaries(panel)]
        losses = [loss for loss in losses_of(group, curved=False) if any(loss in each for _, _, each in found)]
        if losses:
            palette = palette_of(run, losses)
            figure, axes = canvas(1, len(found), "Share of runs below a value", palette, (2.9, 2.1), (0.75, 0.75))
            for axis, (panel, metric, each) in zip(axes[0], found, strict=True):
                draw_metric(axis, panel, metric, each, palette)
            yield group_slug(group), figure


def curves(panel: Panel, metric: str) -> dict[str, tuple[list[float], int]]:
    """By loss: the best states' values, rising, and how many runs there were, failed ones counted."""
    values, present = matrix(panel, metric, "best")
    unit = exp if has_ratios(metric) else float
    return {
        loss: (sorted(unit(value) for value in values[loss] if np.isfinite(value)), sum(present[loss]))
        for loss in values
    }


def draw_metric(
    axis: Axes, panel: Panel, metric: str, found: dict[str, tuple[list[float], int]], palette: dict[str, Look]
) -> None:
    """A staircase per loss: a failed run is below no value, so that its loss never comes to 1."""
    name_axes(axis, plain(panel.label), f"{plain(metric)} (lower is better)", "share of runs")
    every = [value for values, _ in found.values() for value in values]
    if not every:
        say(axis, "no cell with values")
        return
    if has_ratios(metric):
        log_scale(axis, every, axis.xaxis)
    low, high = axis.get_xlim() if has_ratios(metric) else (min(every), max(every))
    for loss, (values, runs) in found.items():
        look, x = palette[loss], np.array([low, *values, high])
        y = np.array([*range(len(values) + 1), len(values)]) / runs
        axis.step(x, y, where="post", color=look.colour, linestyle=look.dash, linewidth=look.width)
    axis.set_xlim(low, high)
    axis.set_ylim(-0.03, 1.03)


KIND = Kind(
    "profiles",
    "Performance profiles",
    "Share of a loss's runs whose best state is below each value (arXiv:2108.13264): further left is better, steeper is steadier. A curve "
    "that crosses another's is the better one for some ambitions and the worse for others. Failed runs are counted and are below no "
    "value.",
    "",
    draw,
)
