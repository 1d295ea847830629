"""How the sizes of the loss's slope at the fakes are distributed, over the steps."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.records import slug
from reports.figures.base import Drawn, Kind, remove_empty, with_curves
from reports.figures.heat import BOTTOM, colour_bar, draw_heat
from reports.figures.style import canvas, name_axes, plain, power
from reports.loading import Run
from reports.panels import Panel

COLUMNS = 3
LOWEST = 8  # bins that the axis shows at least: of two decades, as they are recorded
TICKS = 5


@dataclass(frozen=True)
class Counts:
    """The histograms of one loss, pooled over its seeds.

    Attributes:
        low: log₁₀ of the border below which the first count lies.
        width: of the bins between the first count and the last, in decades.
        steps: (n,) rising.
        shares: (n, bins + 2) of the fakes; each step's sum is 1.
    """

    low: float
    width: float
    steps: tuple[float, ...]
    shares: NDArray[np.float64]

    @property
    def grid(self) -> tuple[float, float, int]:
        """What histograms must have alike to stand in one figure."""
        return self.low, self.width, self.shares.shape[1]


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel and domain: an axes per loss, all on one scale."""
    for panel in with_curves(panels):
        for domain in domains(panel):
            found = alike({loss: pooled(panel, loss, domain) for loss in panel.losses})
            if found:
                yield f"{panel.slug}-{slug(domain)}", draw_domain(panel, domain, found)


def domains(panel: Panel) -> list[str]:
    """The domains of which any log point has histograms."""
    return list(dict.fromkeys(name for cell in panel.cells for name in cell.curves.layout.domains))


def pooled(panel: Panel, loss: str, domain: str) -> Counts | None:
    """The shares of all seeds' fakes at each log point; None without any. Bins unlike the first ones are left out."""
    sums: dict[float, NDArray[np.float64]] = {}
    grid: tuple[float, float, int] | None = None
    for step, low, width, counts in _recorded(panel, loss, domain):
        grid = grid or (low, width, len(counts))
        if grid == (low, width, len(counts)) and counts.sum() > 0:
            sums[step] = sums.get(step, 0.0) + counts
    if grid is None or not sums:
        return None
    steps = tuple(sorted(sums))
    return Counts(grid[0], grid[1], steps, np.array([sums[step] / sums[step].sum() for step in steps]))


def _recorded(panel: Panel, loss: str, domain: str) -> Iterator[tuple[float, float, float, NDArray[np.float64]]]:
    for cell in panel.of(loss):
        for bins in cell.curves.histograms.get((domain, "slope"), ()):
            for step, counts in zip(cell.curves.steps[bins.rows], bins.counts.astype(float), strict=True):
                yield float(step), bins.low, bins.width, counts


def alike(found: dict[str, Counts | None]) -> dict[str, Counts]:
    """The losses that have histograms with the bins of the first."""
    known = {loss: counts for loss, counts in found.items() if counts is not None}
    first = next(iter(known.values()), None)
    return {loss: counts for loss, counts in known.items() if first is not None and counts.grid == first.grid}


def shown(found: Sequence[Counts]) -> tuple[int, int]:
    """The bins (first, behind the last) between the outer counts that hold anything of any loss, at least `LOWEST`.

    Example:
        >>> shares = np.zeros((1, 43)); shares[0, 30] = 1.0
        >>> shown([Counts(-8.125, 0.25, (100.0,), shares)])
        (25, 33)
    """
    every = np.sum([counts.shares.sum(axis=0) for counts in found], axis=0)[1:-1]
    filled = np.flatnonzero(every)
    first, last = (int(filled[0]), int(filled[-1]) + 1) if len(filled) else (0, len(every))
    lacking = max(0, min(LOWEST, len(every)) - (last - first))
    first = min(max(0, first - (lacking + 1) // 2), len(every) - (last - first) - lacking)
    return first, last if lacking == 0 else first + min(LOWEST, len(every))


def draw_domain(panel: Panel, domain: str, found: dict[str, Counts]) -> Figure:
    """The figure of one domain."""
    columns = min(COLUMNS, len(found))
    title = f"Sizes of the slope at the fakes, {plain(panel.label)} ({plain(domain)})"
    size, gaps = (2.4, 1.25), (0.75, 0.75)
    figure, axes = canvas(-(-len(found) // columns), columns, title, {}, size, gaps, (0.75, BOTTOM))
    norm = Normalize(0.0, max(float(counts.shares.max()) for counts in found.values()))
    for axis, (loss, counts) in zip(axes.flat, found.items(), strict=False):
        name_axes(axis, plain(loss), "generator step", "|s|")
        mesh = draw_counts(axis, counts, list(found.values()), norm)
    remove_empty(axes)
    colour_bar(figure, mesh, "share of the fakes")
    return figure


def draw_counts(axis: Axes, counts: Counts, every: Sequence[Counts], norm: Normalize) -> Any:
    """The heat map of one loss, and strips apart for what is off the scale, where any loss has that."""
    first, last = shown(every)
    bottom, top = (counts.low + counts.width * place for place in (first, last))
    values = np.where(counts.shares > 0, counts.shares, np.nan).T
    rows = bottom + counts.width * np.arange(last - first + 1)
    mesh = draw_heat(axis, counts.steps, rows, values[1 + first : 1 + last], norm)
    ends = {-1: (0, bottom, counts.low, "<"), 1: (-1, top, counts.low + counts.width * (len(values) - 2), ">")}
    ticks = {float(place): power(10.0**place) for place in _decades(bottom, top)}
    height = 0.1 * (top - bottom)
    for sign, (row, border, scale, relation) in ends.items():
        if any(each.shares[:, row].any() for each in every):
            strip = sorted(border + sign * height * reach for reach in (0.5, 1.5))
            draw_heat(axis, counts.steps, strip, values[[row]], norm)
            axis.axhline(border, color="#444444", linewidth=0.5)
            ticks[sum(strip) / 2] = f"{relation} {power(10.0 ** round(scale))}"
            bottom, top = min(bottom, strip[0]), max(top, strip[1])
    axis.set_yticks(list(ticks), list(ticks.values()))
    axis.set_ylim(bottom, top)
    return mesh


def _decades(bottom: float, top: float) -> list[int]:
    every = range(int(np.ceil(bottom)), int(np.floor(top)) + 1)
    return [place for place in every if place % max(1, -(-len(every) // TICKS)) == 0]


KIND = Kind(
    "histograms",
    "Slopes at the fakes over training",
    "At each log point the fakes of all seeds together, by the size of the loss's slope |s| = |dL_G/df| at their logits: the darker, the "
    "more of them have slopes of that size; white: none. All losses of a figure have the same axes and colours. A dark band that sinks "
    "by decades is a loss that stops teaching, a flat one has the same slope at every fake. The strip below the line holds what is "
    "smaller than the scale, 0 included, the one above what is larger; a strip that no loss needs is left out.",
    "No log point has a histogram of slopes: the run was made before these were recorded.",
    draw,
)
