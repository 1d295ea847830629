"""Performance profiles: the share of runs below every value."""

from collections.abc import Sequence
from math import exp

import numpy as np
from matplotlib.axes import Axes

from reports.aggregate import primaries
from reports.families import matrix
from reports.figures.base import Drawn, Kind, palette_of
from reports.figures.style import Look, canvas, log_scale, name_axes, plain, say
from reports.loading import Run
from reports.metrics import has_ratios
from reports.panels import Panel


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel: an axes per domain."""
    for panel in panels:
        found = {metric: curves(panel, metric) for metric in primaries(panel)}
        losses = [loss for loss in panel.losses if any(loss in each for each in found.values())]
        if losses:
            palette = palette_of(run, losses)
            title = f"Share of runs below a value, {plain(panel.label)}"
            figure, axes = canvas(1, len(found), title, palette, (3.6, 2.2), (0.75, 0.75))
            for axis, (metric, each) in zip(axes[0], found.items(), strict=True):
                draw_metric(axis, metric, each, palette)
            yield panel.slug, figure


def curves(panel: Panel, metric: str) -> dict[str, tuple[list[float], int]]:
    """By loss: the best states' values, rising, and how many runs there were, failed ones counted."""
    values, present = matrix(panel, metric, "best")
    unit = exp if has_ratios(metric) else float
    return {
        loss: (sorted(unit(value) for value in values[loss] if np.isfinite(value)), sum(present[loss]))
        for loss in values
    }


def draw_metric(axis: Axes, metric: str, found: dict[str, tuple[list[float], int]], palette: dict[str, Look]) -> None:
    """A staircase per loss: a failed run is below no value, so that its loss never comes to 1."""
    name_axes(axis, "", f"{plain(metric)} (lower is better)", "share of runs")
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
