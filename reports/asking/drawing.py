"""A cell's curves as a figure in the style of the report's, with equilibrium lines and the floor."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.asking.tracks import Track
from reports.asking.words import AskError
from reports.figures import FORMATS, save
from reports.figures.base import palette_of, remove_empty
from reports.figures.curves import plot_equilibrium
from reports.figures.style import STYLE, Look, canvas, fit_scale, name_axes, plain
from reports.loading import Cell, Run

COLUMNS = 3


def check(path: Path) -> None:
    """Refuse a file of a format that cannot be drawn.

    Raises:
        AskError: its name ends in none of the known suffixes.
    """
    if path.suffix.removeprefix(".") not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise AskError(f"--figure {path} ends in none of {known}; give a file that does.")


def save_figure(run: Run, cell: Cell, tracks: Sequence[Track], path: Path) -> None:
    """Draw the curves of a cell, an axes each, and save them: the same cell gives the same bytes.

    Raises:
        AskError: there are no curves, the format is unknown, or the file cannot be written.
    """
    check(path)
    if not tracks:
        raise AskError(f"{cell.identity} has no curves, so there is no figure to save.")
    with mpl.rc_context():
        mpl.rcdefaults()  # a matplotlibrc of the user's must not change the figure
        mpl.rcParams.update(STYLE)
        try:
            save(_draw(run, cell, tracks), path)
        except OSError as error:
            raise AskError(f"{path} cannot be written ({error.strerror or error}); choose another --figure.") from error


def _draw(run: Run, cell: Cell, tracks: Sequence[Track]) -> Figure:
    look = palette_of(run, [cell.loss])[cell.loss]
    across = min(COLUMNS, len(tracks))
    title = f"{plain(cell.task)} on {plain(cell.data)}, recipe {plain(cell.recipe)}, seed {cell.seed}"
    figure, axes = canvas(-(-len(tracks) // across), across, title, {cell.loss: look}, (2.6, 1.5))
    for axis, track in zip(axes.flat, tracks, strict=False):
        _draw_track(axis, track, look)
    remove_empty(axes)
    return figure


def _draw_track(axis: Axes, track: Track, look: Look) -> None:
    values = np.array([np.nan if value is None else value for value in track.values])
    marker = "o" if np.isfinite(values).sum() < 2 else ""  # a line of one point does not show
    style = {"color": look.colour, "linestyle": look.dash, "linewidth": look.width}
    axis.plot(track.steps, values, marker=marker, markersize=4, **style)
    name_axes(axis, plain(track.name), "generator step", plain(track.label))
    floor = [] if track.floor is None else [track.floor]
    fit_scale(axis, [*values, *floor], track.logarithmic)
    if track.share:
        axis.set_ylim(-0.04, 1.04)
    plot_equilibrium(axis, track.rest, look.colour)
    _widen(axis, track.rest)
    for value in floor:
        axis.axhline(value, color="#444444", linestyle=":", linewidth=1.1)
        axis.annotate("floor", (1, value), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)


def _widen(axis: Axes, rest: Any) -> None:
    """Make room for where the curve rests: a line on the edge is not seen."""
    if rest is not None:
        low, high = axis.get_ylim()
        ends = np.atleast_1d(np.asarray(rest, dtype=float))
        pad = 0.05 * (max(high, ends.max()) - min(low, ends.min()))
        axis.set_ylim(min(low, ends.min() - pad), max(high, ends.max() + pad))
