"""The figure of `critic-layers`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from reports.figures.style import Look, canvas, name_axes

COLOURS = ("#E69F00", "#D55E00", "#882255", "#009E73", "#0072B2")


def draw(record: Mapping[str, Any]) -> Figure:
    """The gradient's norm by layer: the median over seeds of every critic, and each seed as a thin line."""
    shown = record["shown"]["norms"]
    legend = {name: Look(COLOURS[place % len(COLOURS)]) for place, name in enumerate(shown)}
    figure, axes = canvas(1, 1, "A deep critic's gradient, layer by layer", legend, (4.6, 2.8))
    axis = axes[0, 0]
    for name, seeds in shown.items():
        norms = np.array(seeds, dtype=float)
        norms[norms == 0] = np.nan  # underflowed: a logarithmic axis has no place for it
        layers = np.arange(1, norms.shape[1] + 1)
        axis.plot(layers, norms.T, color=legend[name].colour, linewidth=0.5, alpha=0.5)
        middle = np.median(norms, axis=0)
        axis.plot(layers, middle, color=legend[name].colour, marker="o", markersize=3, linewidth=1.6)
    axis.set_yscale("log")
    axis.xaxis.set_major_locator(MaxNLocator(integer=True))
    name_axes(axis, "norm of the critic loss's gradient", "linear layer, from the points to the logit", "norm")
    return figure
