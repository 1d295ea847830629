"""The losses as functions of the logit."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from reports.figures.base import Drawn, Kind, palette_of
from reports.figures.style import canvas, name_axes
from reports.loading import Run
from reports.panels import Panel

PARTS = {
    "real": ("discriminator's loss of a real image", "loss"),
    "fake": ("discriminator's loss of a fake image", "loss"),
    "generator": ("generator's loss of a fake image", "loss"),
    "slope": ("size of the generator's slope", "|slope|"),
}
FLOOR = 1e-4


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure of all registered losses; those that need pairs of logits have no shape."""
    shapes = {name: facts["shape"] for name, facts in run.losses.items() if _drawable(facts.get("shape"))}
    if shapes:
        own = palette_of(run, list(shapes))
        figure, axes = canvas(2, 2, "Shapes of the losses against the logit", own, (3.1, 2.0), (0.8, 0.75))
        for axis, part in zip(axes.flat, PARTS, strict=True):
            draw_part(axis, part, shapes, own)
        yield "all", figure


def draw_part(axis: Axes, part: str, shapes: dict[str, Any], palette: dict[str, str]) -> None:
    """One part of all losses; losses that coincide are told apart by the gaps of their lines."""
    for number, (name, shape) in enumerate(shapes.items()):
        if shape.get(part) is not None:
            values = np.array(shape[part], dtype=float)
            values = np.abs(values) if part == "slope" else values
            dashes = (0, (6, 2 * (number % 3))) if number % 3 else "-"
            axis.plot(shape["logit"], values, color=palette[name], linewidth=1.5, linestyle=dashes)
    title, label = PARTS[part]
    name_axes(axis, title, "logit", label)
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    _limit(axis, part, shapes.values())


def _limit(axis: Axes, part: str, shapes: Iterable[Any]) -> None:
    # Squares leave any picture: the window is as high as the logits are wide, and losses are seldom below minus that.
    reach = max(abs(value) for shape in shapes for value in (shape["logit"][0], shape["logit"][-1]))
    if part == "slope":
        axis.set_yscale("log")
        axis.set_ylim(FLOOR, 2 * max(1.0, reach))
    else:
        axis.set_ylim(-0.6 * reach, reach)


def _drawable(shape: Any) -> bool:
    return bool(shape and shape.get("logit") and any(shape.get(part) is not None for part in PARTS))


KIND = Kind(
    "shapes",
    "Shapes of the losses",
    "Where the slope (lower right, log scale) falls, a fake with that logit teaches little: on the left for a loss that "
    "saturates on fakes that D rejects. Losses that need pairs of logits are left out.",
    "losses.json is missing or holds no shapes.",
    draw,
)
