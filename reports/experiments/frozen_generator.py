"""The figure of `frozen-generator`."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.style import Look, canvas, looks, name_axes

Json = Mapping[str, Any]
ROWS = {
    "norm": ("norm of G's gradient", "norm"),
    "variance": ("its variance over batches", "variance"),
    "accuracy": ("accuracy of D", "share"),
}


def draw(record: Json) -> Figure:
    """Statistics of the generator's gradient (rows) for generators of several ages (columns), against D's updates."""
    curves = record["shown"]["curves"]
    ages = list(dict.fromkeys(curve["epochs"] for curve in curves))
    palette = looks({name: (name, "none") for name in dict.fromkeys(curve["loss"] for curve in curves)})
    figure, axes = canvas(len(ROWS), len(ages), "A frozen generator before a learning discriminator", palette)
    for row, (name, (title, label)) in zip(axes, ROWS.items(), strict=True):
        for axis, age in zip(row, ages, strict=True):
            _plot(axis, name, [curve for curve in curves if curve["epochs"] == age], palette)
            words = f"{age} epoch{'s' if age > 1 else ''}: {title}"
            name_axes(axis, words, "updates of D", label)
    return figure


def _plot(axis: Axes, name: str, curves: Sequence[Json], palette: Mapping[str, Look]) -> None:
    """The median over seeds of every loss, and the range as a band."""
    for loss, look in palette.items():
        own = [curve for curve in curves if curve["loss"] == loss]
        if own:
            steps = np.maximum(own[0]["step"], 0.5)  # so that the look before the first update has a place
            values = np.array([curve[name] for curve in own], dtype=float)
            axis.fill_between(steps, values.min(0), values.max(0), color=look.colour, alpha=0.15, linewidth=0)
            axis.plot(steps, np.median(values, axis=0), color=look.colour, linestyle=look.dash, linewidth=1.4)
    axis.set_xscale("log")
    if name == "accuracy":
        axis.set_ylim(0.45, 1.02)
    else:
        axis.set_yscale("log")
