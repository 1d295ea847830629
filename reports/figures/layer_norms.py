"""Gradient norms layer by layer over the steps."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm, Normalize
from numpy.typing import NDArray

from reports.aggregate import series
from reports.figures.base import Drawn, Kind, remove_empty, with_curves, wrapped
from reports.figures.heat import BOTTOM, colour_bar, draw_heat
from reports.figures.layers import SEPARATOR, labels, layers
from reports.figures.style import LETTER, canvas, name_axes, plain
from reports.loading import Cell, Run
from reports.panels import Panel

NAMES = 7  # that stand beside an axes without running into each other
SMALL = 6.5 / 8  # their size, as a share of what `LETTER` is of
DECADES = 1e8  # below the largest norm, from which on all is of the lightest colour
Norms = tuple[tuple[float, ...], NDArray[np.float64]]


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel: a row per loss, a column per network; many rows begin anew beside them."""
    for panel in with_curves(panels):
        networks = layers(panel)
        every = {
            (loss, name): norms(panel.of(loss), name, rows) for loss in panel.losses for name, rows in networks.items()
        }
        known = {place: found for place, found in every.items() if np.isfinite(found[1]).any()}
        losses = [loss for loss in panel.losses if any((loss, name) in known for name in networks)]
        if losses:
            rows, times = wrapped(len(losses), len(networks))
            left = 0.3 + SMALL * LETTER * max(
                len(name) for network in networks for name in labels(network, networks[network])
            )
            title = f"Gradient norm by layer over training, {plain(panel.label)}"
            longest = max(len(_name(*place)) for place in known)
            across = max(2.0, LETTER * longest - 0.2)  # a name may reach a little into the gap beside it
            figure, axes = canvas(rows, times * len(networks), title, {}, (across, 1.05), (left, 0.75), (left, BOTTOM))
            scale = limits([found for _, found in known.values()])
            for (loss, network), found in known.items():
                place = losses.index(loss)
                column = place // rows * len(networks) + list(networks).index(network)
                axis = axes[place % rows, column]
                mesh = draw_network(axis, labels(network, networks[network]), found, scale)
                name_axes(axis, _name(loss, network), "generator step", "")
            remove_empty(axes)
            colour_bar(figure, mesh, "gradient norm (median over the seeds)")
            yield panel.slug, figure


def _name(loss: str, network: str) -> str:
    return f"{plain(loss)}: {plain(network)}"


def norms(cells: Sequence[Cell], network: str, names: Sequence[str]) -> Norms:
    """(steps, the median norm over the seeds by layer and step); NaN where there is none, or where it is 0."""
    steps = np.unique(np.concatenate([np.empty(0), *(cell.curves.steps for cell in cells)]))
    medians: NDArray[np.float64] = np.full((len(names), len(steps)), np.nan)
    for row, name in enumerate(names):
        frame = series(cells, "layers", network.partition(SEPARATOR)[0], name)
        for step, values in zip(frame.index, frame.to_numpy(), strict=True):
            medians[row, np.searchsorted(steps, step)] = _median(values)
    return tuple(steps.tolist()), medians


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    middle = float(np.median(known)) if len(known) else 0.0
    return middle if middle > 0 else float("nan")


def limits(found: Sequence[NDArray[np.float64]]) -> Normalize:
    """The logarithmic scale of all norms of a figure, at most `DECADES` long and at least a factor of 4.

    Example:
        >>> scale = limits([np.array([[1.0, np.nan]]), np.array([[100.0]])])
        >>> scale.vmin, scale.vmax
        (1.0, 100.0)
    """
    every = np.concatenate([norms.ravel() for norms in found])
    low, high = float(np.nanmin(every)), float(np.nanmax(every))
    low = max(low, high / DECADES)
    room = max(1.0, 2 / float(np.sqrt(high / low)))
    return LogNorm(low / room, high * room, clip=True)


def draw_network(axis: Axes, names: Sequence[str], found: Norms, scale: Normalize) -> Any:
    """The heat map of one network: the layer at the input on top."""
    steps, medians = found
    mesh = draw_heat(axis, steps, np.arange(len(names) + 1) - 0.5, medians, scale)
    every = -(-len(names) // NAMES)
    axis.set_yticks(range(0, len(names), every), names[::every], fontsize=8 * SMALL)
    axis.set_ylim(len(names) - 0.5, -0.5)
    return mesh


KIND = Kind(
    "layer_norms",
    "Gradient norm by layer over training",
    "The gradient's norm at the weights of each layer, from the one at the network's input (top) to the one at its output (bottom), at each "
    "log point; medians over the seeds, all on one logarithmic scale per figure, dark: large; white: 0 or not recorded. A row that pales "
    "is a layer that stops learning (with a star: weights before their spectral norm, which only some losses have); "
    "colours that pale from the output to the input are gradients that vanish on their way.",
    "No cell has gradient norms by layer in its curves.",
    draw,
)
