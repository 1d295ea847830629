"""Heat maps over the steps: what their kinds share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from reports.figures.style import power

# Of one lightness after the other, for every kind of eye; dark is much, as ink on paper is.
COLOURS = "viridis_r"
BOTTOM = 1.1  # inches below the axes, with their labels and the colour bar


def edges(centres: Sequence[float]) -> NDArray[np.float64]:
    """The borders of columns around centres that rise: midway between them, and as far beyond the ends.

    Args:
        centres: (n,) one or more.

    Returns:
        (n + 1,) borders.

    Example:
        >>> edges([100, 200, 400]).tolist(), edges([80]).tolist()
        ([50.0, 150.0, 300.0, 500.0], [79.5, 80.5])
    """
    places = np.asarray(centres, dtype=float)
    if len(places) < 2:
        return np.concatenate([places - 0.5, places + 0.5])
    between = (places[1:] + places[:-1]) / 2
    return np.concatenate([[2 * places[0] - between[0]], between, [2 * places[-1] - between[-1]]])


def draw_heat(axis: Axes, steps: Sequence[float], rows: ArrayLike, values: ArrayLike, norm: Normalize) -> Any:
    """A rectangle per step and row, white where the value is NaN; returns what a colour bar is made of.

    Args:
        axis: to draw on.
        steps: (n,) rising.
        rows: (m + 1,) borders of the rows.
        values: (m, n).
        norm: of the figure's colours.
    """
    known = np.ma.masked_invalid(np.asarray(values, dtype=float))
    # A picture, inside the SVG too: rectangles by the thousand would leave seams between them, and be larger.
    mesh = axis.pcolorfast(edges(steps), np.asarray(rows, dtype=float), known, norm=norm, cmap=COLOURS)
    axis.grid(visible=False)
    axis.xaxis.set_major_locator(MaxNLocator(4))
    axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    return mesh


def colour_bar(figure: Figure, mesh: Any, label: str) -> None:
    """The figure's only colour bar, below its axes, which leave `BOTTOM` for it."""
    width, height = figure.get_size_inches()
    left = min(axis.get_position().x0 for axis in figure.axes)
    bar = figure.colorbar(
        mesh, cax=figure.add_axes((left, 0.42 / height, 2.6 / width, 0.1 / height)), orientation="horizontal"
    )
    bar.set_label(label)
    bar.ax.grid(visible=False)
    bar.outline.set_visible(False)
    if isinstance(mesh.norm, LogNorm):
        few = bool(np.divide(*mesh.get_clim()) > 0.01)
        bar.ax.xaxis.set_major_locator(LogLocator(numticks=6, subs=(1.0, 2.0, 5.0) if few else (1.0,)))
        bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, at: f"{value:g}") if few else FuncFormatter(power))
        bar.ax.xaxis.set_minor_formatter(NullFormatter())


__all__ = ["BOTTOM", "COLOURS", "colour_bar", "draw_heat", "edges"]
