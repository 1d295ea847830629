"""The figure of `decision-boundary`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.style import Look, canvas, looks, name_axes

Json = Mapping[str, Any]
KINDS = {
    "real": ("data", "#009E73"),
    "fake": ("fakes that D was trained on", "#999999"),
    "fools": ("fakes beyond the data", "#CC79A7"),
    "moved": ("these after 40 steps", "#882255"),
}
FLOOR = 1e-24


def draw(record: Json) -> Figure:
    """A plane for every discriminator (rows: network), and behind them the slopes in one dimension."""
    shown = record["shown"]
    networks = list(dict.fromkeys(scene["network"] for scene in shown["scenes"]))
    losses = list(dict.fromkeys(scene["loss"] for scene in shown["scenes"]))
    palette = looks({name: (name, "none") for name in shown["line"]["slopes"]})
    legend = {words: Look(colour) for words, colour in KINDS.values()} | palette
    size, gaps = (2.3, 2.3), (0.6, 0.7)
    figure, axes = canvas(len(networks), len(losses) + 1, "What pulls at fakes that fool D?", legend, size, gaps)
    for scene in shown["scenes"]:
        axis = axes[networks.index(scene["network"]), losses.index(scene["loss"])]
        _plane(axis, scene, shown["reach"])
        name_axes(axis, f"{scene['loss']}: D is {scene['network']}", "", "")
    _line(axes[0, -1], shown["line"], palette)
    for axis in axes[1:, -1]:
        axis.remove()
    return figure


def _plane(axis: Axes, scene: Json, reach: float) -> None:
    logits, side = np.array(scene["logits"], dtype=float), np.linspace(-reach, reach, len(scene["logits"]))
    axis.contourf(side, side, logits, levels=12, cmap="Greys", alpha=0.35)
    if logits.min() < scene["boundary"] < logits.max():
        axis.contour(side, side, logits, levels=[scene["boundary"]], colors="#000000", linewidths=1.2)
    for name, (_, colour) in KINDS.items():
        axis.plot(*np.array(scene[name], dtype=float).T, ".", color=colour, markersize=3)
    start, end = (np.array(scene[name], dtype=float) for name in ("fools", "moved"))
    style: dict[str, Any] = {"color": KINDS["moved"][1], "linewidth": 0.5, "alpha": 0.6}
    axis.plot(*np.stack([start, end]).transpose(2, 0, 1), **style)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(-reach, reach)
    axis.grid(visible=False)


def _line(axis: Axes, line: Json, palette: Mapping[str, Look]) -> None:
    for name, slopes in line["slopes"].items():
        values = np.maximum(np.array(slopes, dtype=float), FLOOR)
        axis.plot(line["x"], values, color=palette[name].colour, linestyle=palette[name].dash, linewidth=1.4)
    axis.set_yscale("log")
    axis.set_ylim(FLOOR, 100)
    name_axes(axis, "slope at x behind D*", "x (fakes at -2, data at 2)", "|slope|")
