"""The figure of `loss-shapes`."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reports.figures.style import canvas, looks, name_axes

FLOOR = 1e-4


def draw(record: dict[str, Any]) -> Figure:
    """Value and |slope| of all losses against the logit."""
    shown = record["shown"]
    palette = looks({name: (name, "none") for name in shown["losses"]})
    figure, axes = canvas(1, 2, "Shapes of the losses against the logit", palette, (3.6, 2.6))
    value, slope = axes[0]
    for name, curves in shown["losses"].items():
        style: dict[str, Any] = {"color": palette[name].colour, "linestyle": palette[name].dash, "linewidth": 1.4}
        value.plot(shown["logit"], np.array(curves["value"], dtype=float), **style)
        slope.plot(shown["logit"], np.maximum(np.array(curves["slope"], dtype=float), FLOOR / 10), **style)
    reach = max(shown["logit"])
    value.set_ylim(-reach, reach)
    slope.set_yscale("log")
    slope.set_ylim(FLOOR, 2 * reach)
    name_axes(value, "generator's loss of a fake", "logit", "loss")
    name_axes(slope, "size of its slope", "logit", "|slope|")
    return figure
