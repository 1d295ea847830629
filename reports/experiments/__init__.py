"""The figures of experiments. One is added by its file here and a line in `FIGURES`; each draws from a record alone."""

from collections.abc import Callable
from typing import Any

from matplotlib.figure import Figure

from reports.experiments import loss_shapes

Json = dict[str, Any]

FIGURES: dict[str, Callable[[Json], Figure]] = {
    "loss-shapes": loss_shapes.draw,
}

__all__ = ["FIGURES"]
