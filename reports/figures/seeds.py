"""Every seed's quality as a point."""

from collections.abc import Sequence
from math import comb

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from reports.aggregate import ceiling, failures, values
from reports.figures.base import LINES, Drawn, Kind, group_slug, losses_of, palette_of, remove_empty, together
from reports.figures.style import Look, canvas, log_scale, name_axes, name_ticks, overhang, plain, room_for, say
from reports.ladders import floor_of
from reports.loading import Run
from reports.metrics import is_frechet, split
from reports.panels import Panel
from reports.statistics import LEVEL
from reports.tables.base import why_missing
from reports.text import number

FEW = 6
WIDE = 4.6
BESIDE = 0.33  # how far the interval stands from its loss's points


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task and data set: a row per distance, a column per recipe, or one below the other if they are wide."""
    for group in together(panels):
        metrics = list(dict.fromkeys(name for panel in group for name in panel.distances()))
        if metrics:
            losses = losses_of(group, curved=False)
            palette, across = palette_of(run, losses), _across(losses)
            size = (max(2.6, across * len(losses)), 1.9)
            labels = [_label(panel, loss) for panel in group for loss in panel.losses]
            room, left = room_for(labels, across), max(0.75, overhang(labels[: len(losses)], across))
            if len(group) == 1:  # the directions of a translation stand side by side, as recipes would
                kinds = list(dict.fromkeys(split(name)[0] for name in metrics))
                metrics.sort(key=lambda name: kinds.index(split(name)[0]))
            beside = len(group) if len(group) > 1 else max(1, len(group[0].targets()))
            times = beside if size[0] < WIDE else 1
            parts = [(metric, panel) for metric in metrics for panel in group]
            title = "Quality of every seed, best state, test images"
            figure, axes = canvas(
                -(-len(parts) // times), times, title, {}, size, (0.75, 0.4 + room), (left, 0.2 + room)
            )
            for axis, (metric, panel) in zip(axes.flat, parts, strict=False):
                draw_panel(axis, run, panel, metric, palette)
            remove_empty(axes)
            yield group_slug(group), figure


def draw_panel(axis: Axes, run: Run, panel: Panel, metric: str, palette: dict[str, Look]) -> None:
    """Points, medians, and thin lines that join the cells of one seed."""
    found = {loss: values(panel, loss, metric, "best") for loss in panel.losses}
    name_axes(axis, plain(panel.label), "", plain(metric))
    _join(axis, list(found.values()))
    for place, (loss, by_seed) in enumerate(found.items()):
        scores, colour = list(by_seed.values()), palette[loss].colour
        wrong = {cell.seed for cell in panel.scored(loss) if not cell.done}
        sound, bad = ([by_seed[seed] for seed in by_seed if (seed in wrong) == such] for such in (False, True))
        axis.plot([place] * len(sound), sound, "o", color=colour, markersize=4, alpha=0.65, markeredgewidth=0)
        if bad:
            axis.plot([place] * len(bad), bad, "x", color=colour, markersize=5, markeredgewidth=1.2)
        if scores:
            axis.hlines(float(np.median(scores)), place - 0.25, place + 0.25, color=colour, linewidth=2)
            _draw_interval(axis, place + BESIDE, median_interval(scores), colour)
    every = [value for by_seed in found.values() for value in by_seed.values()]
    name_ticks(axis, [_label(panel, loss) for loss in found])
    if not every:
        say(axis, "no cell with values")
        return
    if min(every) > 0 and is_frechet(metric):
        log_scale(axis, every)
    _mark_ends(axis, run, panel, metric)


def median_interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The interval of the median between order statistics, of at least 95 % coverage whatever the distribution.

    The k-th smallest and the k-th largest value, k the largest number with 2 P(B < k) <= 0.05, B binomial of n trials of
    probability 1/2 (Thompson 1936, Annals of Mathematical Statistics 7). It is the same on a logarithmic axis.

    Args:
        values: (n,) finite numbers.

    Returns:
        (low, high), or None for n < 6: no two of so few values have that coverage.

    Example:
        >>> median_interval([1, 2, 3, 4, 5, 6]), median_interval(range(1, 13)), median_interval([1, 2, 3, 4, 5])
        ((1.0, 6.0), (3.0, 10.0), None)
    """
    ordered, count = sorted(values), len(values)
    below = np.cumsum([comb(count, number) / 2**count for number in range(count)])
    rank = int(np.searchsorted(2 * below, 1 - LEVEL, side="right"))
    return (float(ordered[rank - 1]), float(ordered[-rank])) if rank else None


def _draw_interval(axis: Axes, place: float, ends: tuple[float, float] | None, colour: str) -> None:
    if ends:
        axis.vlines(place, *ends, color=colour, linewidth=1.0)
        axis.plot([place, place], ends, "_", color=colour, markersize=4, markeredgewidth=1.0)


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
    lines = [
        [(place, by_seed[seed]) for place, by_seed in enumerate(found) if seed in by_seed] for seed in seeds[:LINES]
    ]
    axis.add_collection(LineCollection([line for line in lines if len(line) > 1], colors="#bbbbbb", linewidths=0.5))


def _label(panel: Panel, loss: str) -> str:
    wrong, _ = failures(panel, loss)
    unscored = "" if panel.scored(loss) else why_missing(panel.of(loss))
    words = f"{wrong} went wrong" if wrong else unscored
    return f"{plain(loss)}\n{words}" if words else plain(loss)


def _across(losses: Sequence[str]) -> float:
    """The inches that a loss has for itself on the x axis."""
    return 0.75 if len(losses) <= FEW else 0.42


def remark(panels: Sequence[Panel]) -> str:
    """Which seeds are joined, where not all are."""
    most = max((len({cell.seed for cell in panel.cells}) for panel in panels), default=0)
    return f"Of {most:,} seeds the first {LINES} are joined; all have their points." if most > LINES else ""


KIND = Kind(
    "seeds",
    "Every seed",
    "One point per seed that was trained to its end, as a cross if it collapsed or stalled; "
    "the median as a bar, and beside it the median's interval of at least 95 % (between order statistics, of the runs that have a "
    "value; none for fewer than 6 of them); grey lines join cells of the same seed. In brackets: the floor "
    "(real against real) and the untrained generator, dotted where they are near.",
    "No cell has quality values.",
    draw,
    remark,
)
