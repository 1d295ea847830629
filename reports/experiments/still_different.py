"""The figure of `still-different`."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from reports.figures.style import canvas, log_scale, looks, name_axes, name_ticks
from reports.loading import NONE

SHOWN = 12  # shares in the figure, the largest; all are in the table
Json = dict[str, Any]


def draw(record: Json) -> Figure:
    """For each data set the shares of variance and the judged runs."""
    sets: dict[str, Json] = record["shown"]["data"]
    names = list(dict.fromkeys(_name(cell) for part in sets.values() for cell in part["tuned"]))
    palette = looks({name: (name.partition("+")[0], name.partition("+")[2] or NONE) for name in names})
    title = f"Are losses still different after equal tuning? {record['shown']['cells']:,} trainings"
    figure, axes = canvas(len(sets), 2, title, palette, (3.6, 2.6), (1.1, 0.95), (2.0, 0.8))
    for row, (data, part) in zip(axes, sets.items(), strict=True):
        _shares(row[0], data, part)
        _judged(row[1], data, part, names, {name: look.colour for name, look in palette.items()})
    return figure


def _name(cell: Json) -> str:
    return str(cell["loss"]) if cell["penalty"] == NONE else f"{cell['loss']}+{cell['penalty']}"


def _shares(axis: Axes, data: str, part: Json) -> None:
    largest = sorted(part["shares"].items(), key=lambda item: -item[1]["share"])[:SHOWN][::-1]
    for place, (_, share) in enumerate(largest):
        axis.barh(place, share["share"], color="#0072B2", height=0.6)
        axis.plot([share["low"], share["high"]], [place, place], color="#000000", linewidth=1.1)
    axis.set_yticks(range(len(largest)), [name for name, _ in largest])
    axis.set_xlim(0, None)
    name_axes(axis, f"{data}: share of the variance of log quality", "share, with 95 % interval", "")


def _judged(axis: Axes, data: str, part: Json, names: list[str], colours: dict[str, str]) -> None:
    random, drawn = np.random.default_rng(0), []
    for place, name in enumerate(names):
        values = np.exp([cell["scored"] for cell in part["tuned"] if _name(cell) == name])
        drawn += values.tolist()
        axis.plot(
            place + random.uniform(-0.18, 0.18, len(values)),
            values,
            "o",
            color=colours[name],
            markersize=2.6,
            alpha=0.7,
        )
        if len(values):
            axis.plot([place - 0.3, place + 0.3], [np.median(values)] * 2, color=colours[name], linewidth=1.8)
    log_scale(axis, drawn)
    name_axes(axis, f"{data}: tuned, on fresh seeds (lower is better)", "", "best Fréchet distance")
    name_ticks(axis, names)
