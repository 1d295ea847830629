"""The figure of `loss-shapes`."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from reports.figures.style import Look, canvas, looks, name_axes

FLOOR = 1e-4
GAPS: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (3.5, 3)))


def draw(record: Mapping[str, Any]) -> Figure:
    """Value and |slope| of all losses against the logit, or against the difference of logits; alike ones share a line."""
    shown = record["shown"]
    shapes = alike(shown["losses"])
    hues = looks({names[0]: (names[0], "none") for names in shapes})
    palette = {names: Look(hues[names[0]].colour, GAPS[place % 3]) for place, names in enumerate(shapes)}
    legend = {", ".join(names): look for names, look in palette.items()}
    figure, axes = canvas(1, 2, "Shapes of the losses against the logit", legend, (3.6, 2.6))
    value, slope = axes[0]
    for names, curves in shapes.items():
        style: dict[str, Any] = {"color": palette[names].colour, "linestyle": palette[names].dash, "linewidth": 1.4}
        value.plot(shown["logit"], np.array(curves["value"], dtype=float), **style)
        slope.plot(shown["logit"], np.maximum(np.array(curves["slope"], dtype=float), FLOOR / 10), **style)
    reach = max(shown["logit"])
    value.set_ylim(-reach, reach)
    slope.set_yscale("log")
    slope.set_ylim(FLOOR, 2 * reach)
    name_axes(value, "generator's loss of a fake", "logit, or fake minus real", "loss")
    name_axes(slope, "size of its slope", "logit, or fake minus real", "|slope|")
    return figure


def alike(losses: Mapping[str, Mapping[str, Any]]) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """Every shape once, by the names of all losses that have it.

    Example:
        >>> alike({"a": {"value": [1.0]}, "b": {"value": [2.0]}, "c": {"value": [1.0 + 1e-12]}})
        {('a', 'c'): {'value': [1.0]}, ('b',): {'value': [2.0]}}
    """
    groups: dict[str, list[str]] = {}
    for name, curves in losses.items():
        rounded = {part: np.round(np.array(values, dtype=float), 6).tolist() for part, values in curves.items()}
        groups.setdefault(json.dumps(rounded, sort_keys=True), []).append(name)
    return {tuple(names): losses[names[0]] for names in groups.values()}
