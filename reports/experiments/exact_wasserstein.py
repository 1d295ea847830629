"""The figure of `exact-wasserstein`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.style import Look, canvas, looks, name_axes, say

Json = dict[str, Any]


def draw(record: dict[str, Any]) -> Figure:
    """Cosine above and estimate over the true distance below, against updates; a column for each kind of pair."""
    panels = record["shown"]["panels"]
    names = list(dict.fromkeys(name for critics in panels.values() for name in critics))
    palette = looks({name: _parts(name) for name in names})
    title = "Critics beside the true Wasserstein-1 critic"
    figure, axes = canvas(2, max(1, len(panels)), title, palette, (2.6, 1.9))
    for column, (panel, critics) in enumerate(panels.items()):
        for row, name in enumerate(("cosine", "ratio")):
            for critic, curves in critics.items():
                _line(axes[row, column], curves, name, palette[critic])
        axes[1, column].axhline(1, color="#888888", linewidth=0.8, linestyle=":")
        axes[0, column].set_ylim(-0.05, 1.02)
        axes[1, column].set_ylim(bottom=min(0.0, axes[1, column].get_ylim()[0]))
        name_axes(axes[0, column], panel, "updates", "cosine of the gradients")
        name_axes(axes[1, column], panel, "updates", "estimate / true distance")
    if not panels:
        say(axes[0, 0], "no pair was tried")
        say(axes[1, 0], "no pair was tried")
    return figure


def _parts(name: str) -> tuple[str, str]:
    base, _, penalty = name.partition("+")
    return base.partition(":")[0], penalty or "none"


def _line(axis: Axes, curves: Sequence[Json], name: str, look: Look) -> None:
    values = np.array([curve[name] for curve in curves], dtype=float)
    style: dict[str, Any] = {"color": look.colour, "linestyle": look.dash, "linewidth": look.width}
    axis.plot(curves[0]["iteration"], np.median(values, axis=0), **style)
    axis.fill_between(
        curves[0]["iteration"], values.min(axis=0), values.max(axis=0), color=look.colour, alpha=0.15, linewidth=0
    )
