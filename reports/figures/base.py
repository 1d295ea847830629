"""What a figure is, and the drawing that several figures share."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.image import imread
from numpy.typing import NDArray

from benchmarks.records import slug
from reports import aggregate
from reports.figures.style import Look, looks
from reports.loading import Cell, Run
from reports.panels import Panel

Drawn = Iterator[tuple[str, Figure]]
LINES, EACH = 720, 40  # thin lines of an axes, and of a loss in it: under more of them its median would not be seen


@dataclass(frozen=True)
class Kind:
    """A kind of figure; the registry is a tuple of these.

    Attributes:
        name: stands in front of its files' names.
        title: its heading in the report.
        caption: how to read it, one or two sentences.
        missing: what the report says when nothing could be drawn; "" leaves the heading out too.
        draw: yields (rest of the file's name, figure); nothing where the inputs are missing.
        remark: what the caption says besides of these panels.
    """

    name: str
    title: str
    caption: str
    missing: str
    draw: Callable[[Run, Sequence[Panel]], Drawn]
    remark: Callable[[Sequence[Panel]], str] = lambda panels: ""


def together(panels: Sequence[Panel], most: int = 3) -> list[list[Panel]]:
    """Panels of one task and data set: they stand in one figure, a column or row each.

    More than `most` would be too small to read: then the variants of a recipe stand two and two in figures of their own.
    """
    groups: dict[tuple[str, str], list[Panel]] = {}
    for panel in panels:
        groups.setdefault((panel.task, panel.data), []).append(panel)
    found = []
    for group in groups.values():
        found += [group] if len(group) <= most else list(_in_twos(group))
    return found


def _in_twos(panels: Sequence[Panel]) -> Iterator[list[Panel]]:
    variants: dict[str, list[Panel]] = {}
    for panel in panels:
        variants.setdefault(panel.recipe if panel.note else "", []).append(panel)
    for alike in variants.values():
        yield from (alike[start : start + 2] for start in range(0, len(alike), 2))


def group_slug(panels: Sequence[Panel]) -> str:
    """A name for the files of panels that stand together: the first one's where they are variants of one recipe."""
    variants = panels[0].note and len({panel.recipe for panel in panels}) == 1
    return panels[0].slug if variants else f"{slug(panels[0].task)}-{slug(panels[0].data)}"


def read_picture(path: Path) -> NDArray[Any] | None:
    """A picture, or None where it is missing, cut off, broken or enormous: no reason to have no report."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow's word for a picture that would fill the memory
            return imread(path) if path.is_file() else None
    except Exception:  # Pillow's readers raise whatever their parsers do
        return None


def why_empty(panel: Panel, loss: str, words: str) -> str:
    """What an axes without curves says: `words`, or that the loss is a control that has no discriminator."""
    return words if panel.adversarial(loss) else "trains no discriminator"


def palette_of(run: Run, losses: Sequence[str]) -> dict[str, Look]:
    """The losses' looks, the same in every figure of the run."""
    every = looks({loss: run.parts(loss) for loss in dict.fromkeys([*run.loss_order(), *losses])})
    return {loss: every[loss] for loss in losses}


def wrapped(count: int, columns: int, most: int = 4, tallest: int = 6) -> tuple[int, int]:
    """How many things of `columns` columns each stand in rows: (rows, times that the rows begin anew).

    Args:
        count: of things.
        columns: that each takes.
        most: columns of a figure that can still be read on a page.
        tallest: rows up to which nothing stands side by side.

    Example:
        >>> wrapped(3, 2), wrapped(18, 1), wrapped(18, 2), wrapped(9, 4)
        ((3, 1), (6, 3), (9, 2), (9, 1))
    """
    times = max(1, min(-(-count // tallest), most // columns))
    rows = -(-count // times)
    return rows, -(-count // rows)


def with_curves(panels: Sequence[Panel]) -> list[Panel]:
    """The panels of which any cell has curves."""
    return [panel for panel in panels if any(cell.curves for cell in panel.cells)]


def losses_of(panels: Sequence[Panel], curved: bool = True) -> list[str]:
    """The losses of several panels, in order; with `curved` only those that any curve was recorded of."""
    losses = dict.fromkeys(loss for panel in panels for loss in panel.losses)
    return [loss for loss in losses if not curved or any(cell.curves for panel in panels for cell in panel.of(loss))]


def remove_empty(axes: NDArray[Any]) -> None:
    """Take away the axes of a grid on which nothing was drawn."""
    for axis in axes.flat:
        if not axis.has_data() and not axis.texts:
            axis.remove()


def thin_lines(losses: int) -> int:
    """How many seeds of each of so many losses have a line of their own in one axes: no eye tells more of them apart.

    Example:
        >>> thin_lines(18), thin_lines(3), thin_lines(2000)
        (40, 40, 1)
    """
    return max(1, min(EACH, LINES // max(1, losses)))


def thinned(panels: Sequence[Panel]) -> str:
    """What a caption says of the thin lines, where any panel has more of them than are drawn."""
    losses: dict[tuple[str, str], set[str]] = {}
    for panel in panels:
        losses.setdefault((panel.task, panel.data), set()).update(panel.losses)
    most = {place: thin_lines(len(names)) for place, names in losses.items()}
    if all(len(panel.of(loss)) <= most[panel.task, panel.data] for panel in panels for loss in panel.losses):
        return ""
    return (
        f"An axes has room for {LINES} thin lines, {EACH} a loss: of larger panels those of each loss's first seeds are drawn, with "
        "their crosses; medians and scales are of all seeds, and so are all tables."
    )


def plot_seeds(axis: Axes, frame: pd.DataFrame, look: Look, most: int = LINES) -> NDArray[np.float64]:
    """The median over seeds as a line and every seed as a thin one; returns all values, drawn or not.

    Args:
        axis: to draw on.
        frame: one row per step, one column per seed.
        look: of the median; the seeds have its colour.
        most: seeds that have a line, the first ones.
    """
    if frame.empty:
        return np.empty(0)
    if frame.shape[1] > 1:
        places = frame.index.to_numpy(dtype=float)
        points = [np.column_stack([places, values]) for values in frame.to_numpy(dtype=float)[:, :most].T]
        segments = [each[~np.isnan(each[:, 1])] for each in points]
        axis.add_collection(LineCollection(segments, colors=look.colour, linewidths=0.5, alpha=0.3))
    median = frame.median(axis=1)
    steps = median.index.to_numpy(dtype=float)
    marker = "o" if len(steps) == 1 else ""  # a line of one point does not show
    style = {"color": look.colour, "linestyle": look.dash, "linewidth": look.width}
    axis.plot(steps, median.to_numpy(), marker=marker, markersize=4, **style)
    axis.autoscale_view()
    values: NDArray[np.float64] = frame.to_numpy(dtype=float).ravel()
    return values


def plot_ends(axis: Axes, cells: Sequence[Cell], frame: pd.DataFrame, colour: str) -> None:
    """A cross where the line of a cell ends that was not trained to its end."""
    for cell in cells:
        if not cell.scored and cell.seed in frame:
            last = frame[cell.seed].dropna()
            axis.plot(last.index[-1:], last.iloc[-1:], marker="x", color=colour, markersize=6, markeredgewidth=1.4)


def plot_statistic(axis: Axes, panel: Panel, palette: dict[str, Look], *path: str) -> NDArray[np.float64]:
    """A statistic of the curves for all losses of a panel; returns all values drawn."""
    drawn, most = [np.empty(0)], thin_lines(len(palette))
    for loss in palette:
        frame = aggregate.series(panel.of(loss), *path)
        drawn.append(plot_seeds(axis, frame, palette[loss], most))
        plot_ends(axis, panel.of(loss), frame.iloc[:, :most], palette[loss].colour)
    return np.concatenate(drawn)
