"""The figure of `truth-images`."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.style import LITERAL, OTHERS, Look, canvas, name_axes, name_ticks

SEEN = ("yes", "wrong way")
PALE = "#999999"


def draw(record: dict[str, Any]) -> Figure:
    """How each metric goes with each ladder, and how near copies may be disturbed and still be found."""
    shown = record["shown"]
    palette = {f"{each['train']:,} to train on": Look(OTHERS[place]) for place, each in enumerate(shown["memory"])}
    metrics = list(dict.fromkeys(row["metric"] for row in shown["rows"]))
    size = (4.0, 0.21 * len(metrics))
    figure, axes = canvas(1, 2, "What the metrics see", palette, size, gaps=(0.9, 0.75), margins=(1.5, 0.95))
    _correlations(axes[0, 0], shown, metrics)
    _memory(axes[0, 1], shown, palette)
    return figure


def _correlations(axis: Axes, shown: dict[str, Any], metrics: list[str]) -> None:
    ladders = list(shown["grades"])
    values = np.zeros((len(metrics), len(ladders)))
    for row in shown["rows"]:
        place = metrics.index(row["metric"]), ladders.index(row["ladder"])
        seen = row["sees"] in SEEN
        values[place] = row["rank correlation"] if seen else 0.0
        style: dict[str, Any] = {"fontweight": "bold"} if seen else {"color": PALE}
        text = f"{row['rank correlation']:.2f}"
        axis.text(
            place[1],
            place[0],
            text,
            ha="center",
            va="center",
            fontsize=7,
            gid=f"{LITERAL}{place[0]}-{place[1]}",
            **style,
        )
    axis.imshow(values, cmap="RdBu", vmin=-1.6, vmax=1.6, aspect="auto")
    axis.grid(visible=False)
    axis.set_yticks(range(len(metrics)), metrics)
    name_ticks(axis, ladders)
    axis.set_xlim(-0.5, len(ladders) - 0.5)
    axis.set_title("rank correlation with the grade; pale: not seen", loc="left")


def _memory(axis: Axes, shown: dict[str, Any], palette: dict[str, Look]) -> None:
    for each, look in zip(shown["memory"], palette.values(), strict=True):
        axis.plot(shown["near"], each["copies"], color=look.colour, linewidth=look.width, marker="o", markersize=3)
        axis.axhline(each["unseen"], color=look.colour, linewidth=0.8, linestyle=":")
    axis.set_ylim(-0.03, 1.05)
    name_axes(axis, "copies found (dotted: unseen pictures)", "noise on the copies, grey levels", "copy rate")
