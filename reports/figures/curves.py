"""Every term of the objectives over the steps, with the losses' equilibria."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from reports.figures.base import (
    Drawn,
    Kind,
    group_slug,
    losses_of,
    palette_of,
    plot_statistic,
    remove_empty,
    thinned,
    together,
    with_curves,
)
from reports.figures.style import Look, canvas, fit_scale, name_axes, plain, say
from reports.loading import Json, Run
from reports.panels import Panel


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task and data set: a row per term, a column per recipe; two terms in a row for one recipe."""
    for group in together(with_curves(panels)):
        names = terms(group)
        if names:
            palette = palette_of(run, losses_of(group))
            parts = [(term, panel) for term in names for panel in group]
            columns = max(len(group), min(2, len(parts)))
            title = "Terms of the objectives over training"
            figure, axes = canvas(-(-len(parts) // columns), columns, title, palette, (3.1, 1.5))
            for axis, (term, panel) in zip(axes.flat, parts, strict=False):
                _draw_term(axis, run, panel, term, palette)
            remove_empty(axes)
            yield group_slug(group), figure


def terms(panels: Sequence[Panel]) -> list[str]:
    """The terms that any curve has, in order, those of one kind next to each other."""
    layouts = dict.fromkeys(cell.curves.layout for panel in panels for cell in panel.cells)
    names = list(dict.fromkeys(name for layout in layouts for name in layout.below("terms")))
    kinds = list(dict.fromkeys(name.partition("_")[0] for name in names))
    return sorted(names, key=lambda name: kinds.index(name.partition("_")[0]))


def equilibrium(losses: Mapping[str, Json], loss: str, term: str) -> Any:
    """Where a term rests at the equilibrium: a value, [low, high], or None. A composition rests where its base does."""
    part = {"discriminator": "discriminator", "adversarial": "generator"}.get(term.partition("_")[0])
    facts = losses.get(loss) or losses.get(loss.partition("+")[0]) or {}
    return (facts.get("equilibrium") or {}).get(part) if part else None


def rests(run: Run, losses: Sequence[str], term: str) -> list[tuple[str, Any]]:
    """(base, where a term rests) of the losses, once where losses of one base rest in the same place."""
    every = [(run.parts(loss)[0], equilibrium(run.losses, loss, term)) for loss in losses]
    return [pair for place, pair in enumerate(every) if pair not in every[:place]]


def plot_equilibrium(axis: Axes, rest: Any, colour: str) -> None:
    """A dotted line for a value, a band for [low, high], nothing for None."""
    if isinstance(rest, list):
        axis.axhspan(rest[0], rest[1], color=colour, alpha=0.1, linewidth=0)
    elif rest is not None:
        axis.axhline(rest, color=colour, linestyle=(0, (1, 1.5)), linewidth=1.1)


def _draw_term(axis: Axes, run: Run, panel: Panel, term: str, palette: dict[str, Look]) -> None:
    drawn = plot_statistic(axis, panel, palette, "terms", term)
    name_axes(axis, f"{plain(term)}, {plain(panel.label)}", "generator step", "loss term")
    if not np.isfinite(drawn).any():
        say(axis, "no loss of this recipe has this term")
        return
    fit_scale(axis, drawn)
    for base, rest in rests(run, [name for name in palette if name in panel.losses], term):
        plot_equilibrium(axis, rest, palette_of(run, [base])[base].colour)


KIND = Kind(
    "curves",
    "Loss curves",
    "Median over the seeds, each seed thin; a cross marks a run that ended early. Dotted lines and bands: the loss's "
    "equilibrium. A loss at its equilibrium line is no evidence of quality, a discriminator without capacity sits there "
    "too; and values of different losses do not compare.",
    "No cell has curves.",
    draw,
    thinned,
)
