"""Gradient norms layer by layer."""

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes

from reports.aggregate import series
from reports.figures.base import (
    Drawn,
    Kind,
    group_slug,
    losses_of,
    palette_of,
    remove_empty,
    together,
    with_curves,
)
from reports.figures.style import Look, canvas, log_scale, name_axes, plain, say
from reports.loading import Run
from reports.panels import Panel

COLUMNS = 2
LABELS = 14
SEPARATOR = ", part "
MADE = ".parametrizations.weight.original"  # torch's name for a weight before its spectral norm, say


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task and data set: a row per panel and two networks."""
    for group in together(with_curves(panels)):
        networks = list(dict.fromkeys(name for panel in group for name in layers(panel)))
        if networks:
            palette = palette_of(run, losses_of(group))
            title = "Gradient norm by layer, from the input on"
            columns = min(COLUMNS, len(networks))
            rows = -(-len(networks) // columns)
            figure, axes = canvas(
                rows * len(group), columns, title, palette, (3.1, 1.6), (0.8, 1.15), margins=(0.75, 0.9)
            )
            for number, panel in enumerate(group):
                for place, network in enumerate(networks):
                    axis = axes[number * rows + place // columns, place % columns]
                    draw_network(axis, panel, network, palette)
            remove_empty(axes)
            yield group_slug(group), figure


def layers(panel: Panel) -> dict[str, list[str]]:
    """Network -> its layers in order, over all cells and log points. One that has a part for each domain is several."""
    found = {}
    for network, names in _every_layer(panel).items():
        heads = list(dict.fromkeys(name.partition(".")[0] for name in names))
        own = len(heads) > 1 and set(heads) <= {*panel.domains(), *panel.targets()}
        for head in heads if own else [""]:
            part = [name for name in names if not head or name.partition(".")[0] == head]
            found[f"{network}{SEPARATOR}{head}" if head else network] = part
    return found


def _every_layer(panel: Panel) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for cell in panel.cells:
        for network in cell.curves.layered:
            found.setdefault(network, {}).update(dict.fromkeys(cell.curves.layout.below("layers", network)))
    return {network: _weights(names) for network, names in found.items() if names}


def _weights(names: Iterable[str]) -> list[str]:
    """Weights only (biases have a size of their own), in the order of the numbers in their names."""
    kept = [name for name in names if not name.endswith(".bias")]
    # Losses with other norms have other layers: "layers.10" must stand after "layers.2" whoever has it.
    words = list(dict.fromkeys(part for name in kept for part in name.split(".")))
    return sorted(
        kept, key=lambda name: [int(part) if part.isdecimal() else words.index(part) for part in name.split(".")]
    )


def labels(network: str, names: Sequence[str]) -> list[str]:
    """The names of a network's layers as they stand beside an axis; with a star, weights that something is made of first.

    Example:
        >>> labels("generator, part a", ["a.layers.0.weight", "a.last.parametrizations.weight.original"])
        ['layers.0', 'last*']
    """
    head = network.partition(SEPARATOR)[2]
    short = [name.removeprefix(f"{head}.").removesuffix(".weight").replace(MADE, "*") for name in names]
    return [plain(name) for name in short]


def profile(panel: Panel, loss: str, network: str, layer: str) -> float:
    """The median norm over the seeds, of each seed's median over the last quarter of its log points; NaN without."""
    frame = series(panel.of(loss), "layers", network.partition(SEPARATOR)[0], layer)
    if frame.empty:
        return float("nan")
    late = frame.iloc[-max(1, len(frame) // 4) :]
    return float(late.median(axis=0).median())


def draw_network(axis: Axes, panel: Panel, network: str, palette: dict[str, Look]) -> None:
    """The profile of each loss over a network's layers."""
    names = layers(panel).get(network, [])
    name_axes(axis, f"{plain(network)}, {plain(panel.label)}", "", "gradient norm")
    drawn = [np.empty(0)]
    for loss in palette:
        norms = np.array([profile(panel, loss, network, name) for name in names])
        norms[norms <= 0] = np.nan
        known = np.flatnonzero(np.isfinite(norms))
        look = palette[loss]
        axis.plot(
            known, norms[known], color=look.colour, linestyle=look.dash, linewidth=look.width, marker="o", markersize=3
        )
        drawn.append(norms)
    values = np.concatenate(drawn)
    if not np.isfinite(values).any():
        say(axis, "not recorded")
        return
    log_scale(axis, values)
    every = -(-len(names) // LABELS)  # the names of all would run into each other
    axis.set_xticks(range(0, len(names), every), labels(network, names)[::every], rotation=35, ha="right", fontsize=6.5)
    axis.set_xticks(range(len(names)), minor=True)


KIND = Kind(
    "layers",
    "Gradient norm by layer",
    "Weights (with a star: before their spectral norm); "
    "medians over the last quarter of the log points and over the seeds. A line that falls or rises by decades from layer "
    "to layer shows gradients that vanish or explode inside the network.",
    "No cell has gradient norms by layer in its curves.",
    draw,
)
