"""Quantiles of the loss's slope and of the gradient at the fakes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from benchmarks.records import slug
from reports.aggregate import series
from reports.figures.base import Drawn, Kind, losses_of, palette_of, remove_empty, with_curves, wrapped
from reports.figures.style import canvas, log_scale, name_axes, plain, say
from reports.loading import Run
from reports.panels import Panel

KINDS = {"slope": "|s|", "gradient": "‖g‖"}
BANDS = ((5, 95, 0.15), (25, 75, 0.35))
MIDDLE, OUTER = 50, (5, 95)
Quantiles = dict[int, "pd.Series[float]"]


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel and domain: a row per loss; slopes left, gradients right; many rows begin anew beside them."""
    for panel in with_curves(panels):
        palette = palette_of(run, losses_of([panel]))
        for domain in panel.domains():
            found = {kind: {loss: quantiles(panel, loss, domain, kind) for loss in panel.losses} for kind in KINDS}
            losses = [loss for loss in panel.losses if len(found["slope"][loss][MIDDLE])]
            if losses:
                title = f"Slopes and gradients at the fakes, {plain(panel.label)} ({plain(domain)})"
                rows, times = wrapped(len(losses), len(KINDS))
                figure, axes = canvas(rows, times * len(KINDS), title, {}, (3.1, 1.3))
                for column, (kind, by_loss) in enumerate(found.items()):
                    ends = [by_loss[loss][part].to_numpy() for loss in by_loss for part in OUTER]
                    for place, loss in enumerate(losses):
                        axis = axes[place % rows, place // rows * len(KINDS) + column]
                        name_axes(axis, f"{plain(loss)}: {kind} per fake", "generator step", KINDS[kind])
                        draw_bands(axis, by_loss[loss], palette[loss].colour, np.concatenate(ends))
                remove_empty(axes)
                yield f"{panel.slug}-{slug(domain)}", figure


def draw_bands(axis: Axes, found: Quantiles, colour: str, shown: NDArray[np.float64]) -> None:
    """Median, middle half and middle 90 % within the batch, each the median over the seeds.

    Args:
        axis: to draw on.
        found: the loss's quantiles.
        colour: the loss's.
        shown: what all losses' axes are to hold: they have one scale.
    """
    middle = found[MIDDLE]
    if not len(middle):
        say(axis, "not recorded")
        return
    for low, high, alpha in BANDS:
        lower, upper = (found[part].reindex(middle.index) for part in (low, high))
        axis.fill_between(middle.index, lower, upper, color=colour, alpha=alpha, linewidth=0)
    axis.plot(middle.index, middle, color=colour, linewidth=1.5)
    log_scale(axis, shown)


def quantiles(panel: Panel, loss: str, domain: str, kind: str) -> Quantiles:
    """The quantiles within the batch over the steps, by their percentage."""
    parts = sorted({MIDDLE, *(part for low, high, _ in BANDS for part in (low, high))})
    return {part: _quantile(panel, loss, domain, kind, part) for part in parts}


def _quantile(panel: Panel, loss: str, domain: str, kind: str, part: int) -> "pd.Series[float]":
    frame = series(panel.of(loss), "saturation", domain, f"{kind}_q{part:02d}")
    middle = frame.median(axis=1).dropna() if len(frame) else pd.Series(dtype=float)
    return middle[middle > 0]  # zeros have no place on a logarithmic axis


KIND = Kind(
    "quantiles",
    "Slopes and gradients within a batch",
    "Quantiles over the fakes of a batch: 5-95 % (light), 25-75 % (dark), median (line), each the median over the seeds. A "
    "band that reaches far down means that some fakes no longer teach.",
    "No cell has quantiles of slopes in its curves.",
    draw,
)
