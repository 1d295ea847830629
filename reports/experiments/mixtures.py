"""The figure of `mixtures`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.style import Look, canvas, looks, plain, say

Json = dict[str, Any]
COLUMNS = 7
ROOM = 1.35  # of a panel's half side over the farthest centre


def draw(record: dict[str, Any]) -> Figure:
    """A panel for each loss: the first seed's samples over the modes; below the ring's panels the grid's."""
    shown, blocks = record["shown"], []
    for name, losses in shown["panels"].items():
        rows = -(-len(losses) // COLUMNS)
        blocks.append((name, losses, rows))
    columns = min(COLUMNS, max(len(losses) for _, losses, _ in blocks))
    height, gaps = sum(rows for _, _, rows in blocks), (0.12, 0.42)
    names = list(dict.fromkeys(loss for _, losses, _ in blocks for loss in losses))
    palette = looks({name: _parts(name) for name in names})
    figure, axes = canvas(height, columns, "Samples over the modes", {}, (1.25, 1.25), gaps, (0.3, 0.2))
    first = 0
    for name, losses, rows in blocks:
        places = list(axes[first : first + rows].flat)
        for axis, (loss, panel) in zip(places, losses.items(), strict=False):
            _panel(axis, panel, shown["centres"][name], palette[loss])
            axis.set_title(f"{plain(loss, 20)}\n{panel['modes']} modes, {panel['quality']:.0%}", fontsize=7, loc="left")
        for axis in places[len(losses) :]:
            axis.set_visible(False)
        axes[first, 0].set_ylabel(plain(name), fontsize=8, fontweight="bold")
        first += rows
    return figure


def _parts(name: str) -> tuple[str, str]:
    base, _, penalty = name.partition("+")
    return base.partition(":")[0], penalty or "none"


def _panel(axis: Axes, panel: Json, centres: Sequence[Sequence[float]], look: Look) -> None:
    means = np.array(centres, dtype=float)
    reach = ROOM * float(np.abs(means).max())
    if panel["points"]:
        x, y = np.array(panel["points"], dtype=float).T
        axis.scatter(x, y, s=2, color=look.colour, alpha=0.5, linewidths=0)
    else:
        say(axis, "diverged")
    axis.scatter(means[:, 0], means[:, 1], s=22, facecolors="none", edgecolors="#999999", linewidths=0.6)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(-reach, reach)
    axis.set_aspect("equal")
    axis.set_xticks([])
    axis.set_yticks([])
    axis.grid(visible=False)
