"""The figure of `calibration`."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.style import Look, canvas, name_axes, name_ticks

FALSE, FOUND, NEUTRAL = "#D55E00", "#0072B2", "#666666"
LEGEND = {
    "clones told apart (false alarm)": Look(FALSE),
    "found, at the printed smallest ratio": Look(FOUND),
    "interval between clones": Look("#009E73"),
    "interval between two losses": Look("#CC79A7"),
    "claimed": Look(NEUTRAL, "--"),
}


def draw(record: dict[str, Any]) -> Figure:
    """False alarms and power by the number of seeds; coverage."""
    table = record["shown"]["table"]
    title = f"Verdicts examined on {record['shown']['suites']:,} suites of recorded runs"
    figure, axes = canvas(1, 2, title, LEGEND, (3.6, 2.5))
    _rates(axes[0, 0], table)
    _coverage(axes[0, 1], table)
    return figure


def _rates(axis: Axes, table: list[dict[str, Any]]) -> None:
    places = np.arange(len(table))
    for offset, name, colour, claimed in (
        (-0.18, "clones told apart", FALSE, 0.05),
        (0.18, "power there", FOUND, 0.8),
    ):
        values = np.array([row[name] for row in table], dtype=float)
        axis.bar(places + offset, values, 0.34, color=colour)
        for position, value in enumerate(map(float, values)):
            if np.isfinite(value):
                axis.text(position + offset, value + 0.015, f"{100 * value:.1f}", ha="center", fontsize=7)
        axis.axhline(claimed, color=NEUTRAL, linestyle="--", linewidth=0.9)
    name_axes(axis, "share of suites (%)", "seeds of a suite", "share")
    name_ticks(axis, [str(row["seeds"]) for row in table])
    axis.set_ylim(0, 1.08)


def _coverage(axis: Axes, table: list[dict[str, Any]]) -> None:
    places = np.arange(len(table))
    for kind, colour in (("clones", "#009E73"), ("pairs", "#CC79A7")):
        for level, marker in ((95, "o"), (90, "s")):
            values = [row[f"coverage of {level} %, {kind}"] for row in table]
            axis.plot(places, np.array(values, dtype=float), marker=marker, color=colour, markersize=4, linewidth=1.2)
    for claimed in (0.9, 0.95):
        axis.axhline(claimed, color=NEUTRAL, linestyle="--", linewidth=0.9)
    name_axes(axis, "coverage of the intervals of 95 % (dots) and 90 % (squares)", "seeds of a suite", "coverage")
    name_ticks(axis, [str(row["seeds"]) for row in table])
    axis.set_ylim(0.84, 1.0)
