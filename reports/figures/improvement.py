"""Every loss against every other: the probability that a single run of it is better."""

from collections.abc import Sequence
from math import inf, isfinite
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from reports.aggregate import primaries
from reports.families import matrix
from reports.figures.base import Drawn, Kind
from reports.figures.style import LITERAL, canvas, overhang, plain, room_for
from reports.improvement import improvement, interquartile_mean
from reports.loading import Run
from reports.panels import Panel

ACROSS = 0.34  # inches of a cell
MOST = 40  # losses of which every pair has its figure and frame
FEW = 9  # losses up to which matrices stand side by side
COLOURS = "RdBu"
PALE = 0.32  # from 0.5 on, where the colours are too dark for black figures
Chances = dict[tuple[str, str], tuple[float, float, float]]


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel: a matrix per domain."""
    for panel in panels:
        found = {metric: runs(panel, metric) for metric in primaries(panel)}
        found = {metric: by_loss for metric, by_loss in found.items() if len(by_loss) > 1}
        if found:
            yield panel.slug, draw_panel(panel, found)


def runs(panel: Panel, metric: str) -> dict[str, list[float]]:
    """The best states' values of every loss, infinite for a run that failed; losses with the lowest typical run first.

    Typical: the interquartile mean of the runs that have a value, on the logarithm where ratios mean something.
    """
    values, present = matrix(panel, metric, "best")
    ran = {loss: [value for value, there in zip(values[loss], present[loss], strict=True) if there] for loss in values}
    ends = {loss: [value if isfinite(value) else inf for value in own] for loss, own in ran.items()}
    return {loss: ends[loss] for loss in sorted(ends, key=lambda loss: _typical(ends[loss]))}


def _typical(values: Sequence[float]) -> float:
    known = [value for value in values if isfinite(value)]
    return interquartile_mean(known) if known else inf


def chances(by_loss: dict[str, list[float]]) -> Chances:
    """(row, column) -> the probability that a run of the row is lower, and its interval of 95 %; both ways round."""
    losses, found = list(by_loss), Chances()
    for place, row in enumerate(losses):
        for column in losses[place + 1 :]:
            share, low, high = improvement(by_loss[row], by_loss[column])
            found[row, column] = (share, low, high)
            found[column, row] = (1 - share, 1 - high, 1 - low)
    return found


def draw_panel(panel: Panel, found: dict[str, dict[str, list[float]]]) -> Figure:
    """The figure of one panel."""
    most = max(len(by_loss) for by_loss in found.values())
    columns = len(found) if most <= FEW else 1
    names = [plain(loss) for by_loss in found.values() for loss in by_loss]
    left = max(0.45 + 0.065 * max(map(len, names)), overhang(names[:most], ACROSS))
    room, side = room_for(names, ACROSS), ACROSS * most
    title = f"Chance that the row beats the column, {plain(panel.label)}"
    figure, axes = canvas(
        -(-len(found) // columns), columns, title, {}, (side, side), (left + 0.3, room + 0.5), (left, room + 0.2)
    )
    for axis, (metric, by_loss) in zip(axes.flat, found.items(), strict=True):
        draw_matrix(axis, list(by_loss), chances(by_loss))
        axis.set_title(plain(metric), loc="left")
    return figure


def draw_matrix(axis: Axes, losses: Sequence[str], found: Chances) -> None:
    """The matrix, its figures, and frames around those whose interval excludes one half; of many losses the colours alone."""
    shares: NDArray[np.float64] = np.full((len(losses), len(losses)), np.nan)
    places = {loss: place for place, loss in enumerate(losses)}
    for (row, column), (share, low, high) in found.items():
        y, x = places[row], places[column]
        shares[y, x] = share
        if len(losses) > MOST:
            continue
        colour = "white" if abs(share - 0.5) > PALE else "black"
        axis.text(x, y, f"{share:.2f}", ha="center", va="center", fontsize=6.5, color=colour, gid=f"{LITERAL}{y}-{x}")
        if low > 0.5 or high < 0.5:
            look: dict[str, Any] = {
                "fill": False,
                "edgecolor": colour,
                "linewidth": 1.0,
                "gid": f"{LITERAL}frame-{y}-{x}",
            }
            axis.add_patch(Rectangle((x - 0.44, y - 0.44), 0.88, 0.88, **look))
    axis.imshow(shares, cmap=COLOURS, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    names = [plain(loss) for loss in losses]
    axis.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    axis.set_yticks(range(len(names)), names)
    axis.tick_params(length=0)
    axis.grid(visible=False)
    axis.spines[:].set_visible(False)


def remark(panels: Sequence[Panel]) -> str:
    """What is left out where there are very many pairs."""
    most = max((len(panel.losses) for panel in panels), default=0)
    words = f"With more than {MOST} losses a matrix has its colours alone, without figures and frames"
    return f"{words}; the verdicts' CSV file has every pair." if most > MOST else ""


KIND = Kind(
    "improvement",
    "Every loss against every other",
    "The probability that a run of the row's loss has a lower (better) value than one of the column's (arXiv:2108.13264), of the best "
    "states on test images, ties half, a failed run above all others; blue: the row is better, red: the column. Framed: the interval of "
    "95 % (Newcombe 2006, method 5) excludes 0.50; it is each pair's own, not adjusted for the number of pairs, and whether losses "
    "differ is for the verdicts. The loss with the lowest interquartile mean stands at the top and at the left.",
    "",
    draw,
    remark,
)
