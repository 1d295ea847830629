"""The losses as functions of the logit."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from reports.figures.base import Drawn, Kind, palette_of
from reports.figures.style import Look, canvas, name_axes, plain, say
from reports.loading import Json, Run
from reports.panels import Panel

PARTS = {
    "real": ("discriminator's loss of a real image", "loss"),
    "fake": ("discriminator's loss of a fake image", "loss"),
    "generator": ("generator's loss of a fake image", "loss"),
    "slope": ("size of the generator's slope", "|slope|"),
}
FLOOR = 1e-4
GAPS: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (3.5, 3)))
Names = tuple[str, ...]


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure of the run's losses without their penalties, which do not depend on the logit alone."""
    shapes = distinct(run)
    if shapes:
        hues = palette_of(run, [names[0] for names in shapes])
        palette = {names: Look(hues[names[0]].colour, GAPS[place % 3]) for place, names in enumerate(shapes)}
        legend = {", ".join(names): look for names, look in palette.items()}
        figure, axes = canvas(2, 2, "Shapes of the losses against the logit", legend, (3.4, 2.2), (0.8, 0.75))
        for axis, part in zip(axes.flat, PARTS, strict=True):
            draw_part(axis, part, shapes, palette)
        yield "all", figure


def distinct(run: Run) -> dict[Names, Json]:
    """Every shape of the run's losses once, by the names of all bases that have it; pairs of logits have none."""
    shapes: dict[str, Json] = {}
    for loss in run.loss_order():
        base, _ = run.parts(loss)
        facts = run.losses.get(base) or run.losses.get(loss) or {}
        if _drawable(facts.get("shape")):
            shapes.setdefault(base, facts["shape"])
    alike: dict[str, list[str]] = {}
    for base, shape in shapes.items():
        alike.setdefault(_rounded(shape), []).append(base)
    return {tuple(names): shapes[names[0]] for names in alike.values()}


def _rounded(shape: Json) -> str:
    numbers = {
        part: np.round(np.array(shape[part], dtype=float), 6).tolist()
        for part in ("logit", *PARTS)
        if shape.get(part) is not None
    }
    return json.dumps(numbers, sort_keys=True)


def draw_part(axis: Axes, part: str, shapes: Mapping[Names, Json], palette: Mapping[Names, Look]) -> None:
    """One part of all losses; losses that coincide in it are told apart by the gaps of their lines."""
    for names, shape in shapes.items():
        if shape.get(part) is not None and not (part == "slope" and _nothing(shape[part])):
            values = np.array(shape[part], dtype=float)
            values = np.abs(values) if part == "slope" else values
            look = palette[names]
            axis.plot(shape["logit"], values, color=look.colour, linewidth=1.5, linestyle=look.dash)
    title, label = PARTS[part]
    name_axes(axis, title, "logit", label)
    axis.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    _limit(axis, part, shapes.values())
    zero = [plain(name) for names, shape in shapes.items() if _nothing(shape.get(part)) for name in names]
    if not axis.lines:
        say(axis, f"0 everywhere: {', '.join(zero)}" if zero else "no loss of this run has one")
    elif part == "slope" and zero:
        axis.text(0.02, 0.03, f"0 everywhere: {', '.join(zero)}", fontsize=7, transform=axis.transAxes)


def _nothing(values: Any) -> bool:
    # On a logarithmic axis a loss that teaches nothing at all would be missing without a word.
    return values is not None and not any(values)


def _limit(axis: Axes, part: str, shapes: Iterable[Any]) -> None:
    # Squares leave any picture: the window is as high as the logits are wide, and losses are seldom below minus that.
    reach = max(abs(value) for shape in shapes for value in (shape["logit"][0], shape["logit"][-1]))
    if part == "slope":
        axis.set_ylim(FLOOR, 2 * max(1.0, reach))  # first, for a scale that looks for limits wants something positive
        axis.set_yscale("log")
    else:
        axis.set_ylim(-0.6 * reach, reach)


def _drawable(shape: Any) -> bool:
    return bool(shape and shape.get("logit") and any(shape.get(part) is not None for part in PARTS))


KIND = Kind(
    "shapes",
    "Shapes of the losses",
    "Where the slope (lower right, log scale) falls, a fake with that logit teaches little: on the left for a loss that "
    "saturates on fakes that D rejects. Penalties are left out, and so are losses that need pairs of logits; losses of one shape "
    "share a line.",
    "losses.json is missing, or holds no shapes of this run's losses.",
    draw,
)
