"""The figure of `dirac`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.style import Look, canvas, name_axes, plain, say

LOOKS = {
    "Sim": Look("#D55E00", "-", 0.9),
    "Alt": Look("#0072B2", "-", 0.9),
    "Alt 5": Look("#009E73", "-", 0.9),
}
WORDS = {"Sim": "both at once", "Alt": "in turn", "Alt 5": "in turn, 5 updates of D"}
COLUMNS = ("", "r1:0.3", "gp:0.35", "r1:0.3+r2:0.3")
MOST = 6  # rows


def draw(record: Mapping[str, Any]) -> Figure:
    """A phase portrait for each loss (rows) with each of a few penalties (columns)."""
    shown = record["shown"]
    games = {(game["loss"], game["penalties"]): game for game in shown["games"]}
    columns = [penalties for penalties in COLUMNS if any(key[1] == penalties for key in games)]
    losses = [loss for loss in dict.fromkeys(loss for loss, _ in games) if _count(games, loss, columns) > 1][:MOST]
    legend = {WORDS[name]: look for name, look in LOOKS.items()}
    title = "Dirac-GAN: 500 steps from (1, 1)"
    figure, axes = canvas(len(losses), len(columns), title, legend, (1.55, 1.55), (0.5, 0.62))
    for row, loss in zip(axes, losses, strict=True):
        for axis, penalties in zip(row, columns, strict=True):
            _portrait(axis, games.get((loss, penalties)), shown["reach"])
            name_axes(axis, plain(f"{loss}, {penalties or 'no penalty'}", 60), "", "")
    for axis in axes[-1]:
        axis.set_xlabel("θ")
    for axis in axes[:, 0]:
        axis.set_ylabel("ψ")
    return figure


def _count(games: Mapping[tuple[str, str], Any], loss: str, columns: list[str]) -> int:
    return sum((loss, penalties) in games for penalties in columns)


def _portrait(axis: Axes, game: Mapping[str, Any] | None, reach: float) -> None:
    if game is None:
        say(axis, "not played")
        return
    theta, psi, by_theta, by_psi = np.array(game["arrows"], dtype=float).T
    length = np.hypot(by_theta, by_psi)
    length[length == 0] = 1
    axis.quiver(theta, psi, by_theta / length, by_psi / length, color="#bbbbbb", scale=18, width=0.008, pivot="mid")
    for name, path in game["paths"].items():
        look = LOOKS[name]
        states = np.array(path, dtype=float)
        axis.plot(*states.T, color=look.colour, linewidth=look.width)
        axis.plot(*states[-1], marker="o", markersize=3, color=look.colour)
    axis.set_xlim(-1.1 * reach, 1.1 * reach)
    axis.set_ylim(-1.1 * reach, 1.1 * reach)
    axis.grid(visible=False)
