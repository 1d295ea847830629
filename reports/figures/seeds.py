"""Every seed's quality as a point."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from reports.aggregate import ceiling, floor_of, is_distance, values
from reports.figures.base import Drawn, Kind, group_slug, losses_of, palette_of, together
from reports.figures.style import SHORT, canvas, log_scale, name_axes, plain, say
from reports.loading import Run
from reports.panels import Panel
from reports.text import number


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task and data set: a row per distance, a column per recipe."""
    for group in together(panels):
        metrics = list(dict.fromkeys(name for panel in group for name in panel.distances()))
        if metrics:
            losses = losses_of(group, curved=False)
            palette = palette_of(run, losses)
            size = (max(2.6, 0.75 * len(losses)), 1.9)
            figure, axes = canvas(len(metrics), len(group), "Quality of every seed, best state, test images", {}, size)
            for row, metric in enumerate(metrics):
                for column, panel in enumerate(group):
                    draw_panel(axes[row, column], run, panel, metric, palette)
            yield group_slug(group), figure


def draw_panel(axis: Axes, run: Run, panel: Panel, metric: str, palette: dict[str, str]) -> None:
    """Points, medians, and thin lines that join the cells of one seed."""
    found = {loss: values(panel, loss, metric, "best") for loss in panel.losses}
    name_axes(axis, plain(panel.label), "", plain(metric))
    _join(axis, list(found.values()))
    for place, (loss, by_seed) in enumerate(found.items()):
        scores = list(by_seed.values())
        axis.plot([place] * len(scores), scores, "o", color=palette[loss], markersize=4, alpha=0.65, markeredgewidth=0)
        if scores:
            axis.hlines(float(np.median(scores)), place - 0.25, place + 0.25, color=palette[loss], linewidth=2)
    every = [value for by_seed in found.values() for value in by_seed.values()]
    axis.set_xticks(range(len(found)), [_label(panel, loss) for loss in found], rotation=20 if len(found) > 4 else 0)
    axis.set_xlim(-0.6, len(found) - 0.4)
    axis.grid(visible=False, axis="x")
    if not every:
        say(axis, "no finished cell")
        return
    if min(every) > 0 and is_distance(metric):
        log_scale(axis, every)
    _mark_ends(axis, run, panel, metric)


def _mark_ends(axis: Axes, run: Run, panel: Panel, metric: str) -> None:
    """Floor and untrained generator: their values in the title, and as lines where they do not press the points flat."""
    ends = {"floor": floor_of(run, panel, metric), "untrained": ceiling(panel, metric)}
    known = {name: value for name, value in ends.items() if value is not None}
    low, high = axis.get_ylim()
    reach = (low / 2, high * 2) if axis.get_yscale() == "log" else (low - (high - low), high + (high - low))
    for name, value in known.items():
        if reach[0] < value < reach[1]:
            axis.axhline(value, color="#444444", linestyle=":", linewidth=1.0)
            axis.annotate(name, (1, value), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)
            low, high = min(low, 0.9 * value), max(high, 1.1 * value)
    axis.set_ylim(low, high)
    if known:
        words = ", ".join(f"{name} {number(value)}" for name, value in known.items())
        axis.set_title(f"{plain(panel.label)} ({words})", loc="left")


def _join(axis: Axes, found: Sequence[dict[int, float]]) -> None:
    seeds = sorted({seed for by_seed in found for seed in by_seed})
    lines = [[(place, by_seed[seed]) for place, by_seed in enumerate(found) if seed in by_seed] for seed in seeds]
    axis.add_collection(LineCollection([line for line in lines if len(line) > 1], colors="#bbbbbb", linewidths=0.5))


def _label(panel: Panel, loss: str) -> str:
    lost = len(panel.of(loss)) - len(panel.done(loss))
    return plain(loss, SHORT) + (f"\n{lost} not done" if lost else "")


KIND = Kind(
    "seeds",
    "Every seed",
    "One point per finished seed, the median as a bar; grey lines join cells of the same seed. In brackets: the floor "
    "(real against real) and the untrained generator, dotted where they are near.",
    "No cell has quality values.",
    draw,
)
