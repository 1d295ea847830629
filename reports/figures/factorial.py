"""What each penalty does to each loss, seed by seed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from benchmarks.records import slug
from reports.aggregate import primaries, values
from reports.factorial import Factorial, factorial
from reports.figures.base import Drawn, Kind, palette_of, remove_empty
from reports.figures.style import Look, canvas, log_scale, name_axes, name_ticks, overhang, plain, room_for, say
from reports.ladders import floor_of
from reports.loading import Run
from reports.metrics import split
from reports.panels import Panel
from reports.tables.base import why_missing
from reports.text import number

COLUMNS = 4
WIDTH = 2.3
REACH = 6
CONTEXT = "#cfcfcf"
Scores = dict[str, dict[int, float]]


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel that crosses losses with penalties, and domain: an axes per base, all on one scale."""
    crosses = [(panel, factorial(run, panel), metric) for panel in panels for metric in primaries(panel)]
    for panel, cross, metric in crosses:
        if cross is None:
            continue
        scores = {base: by_penalty(panel, cross, base, metric) for base in cross.bases}
        # Penalties say which loss of a base is meant, so every base is drawn in the colour that it has by itself.
        hues = palette_of(run, cross.bases)
        names = [plain(name) for name in cross.penalties]
        columns = min(COLUMNS, len(cross.bases))
        room, left = room_for(names, WIDTH / len(names)), max(0.75, overhang(names, WIDTH / len(names)))
        title = f"Losses × penalties, best state, test images, {plain(panel.label)}"
        figure, axes = canvas(
            -(-len(scores) // columns), columns, title, {}, (WIDTH, 1.8), (0.55, 0.25 + room), (left, room)
        )
        for place, (axis, base) in enumerate(zip(axes.flat, cross.bases, strict=False)):
            draw_base(axis, scores, base, hues[base])
            explain(axis, panel, cross, base, scores[base])
            name_axes(axis, plain(base), "", "" if place % columns else plain(metric))
            name_ticks(axis, names)
            finish(axis, scores, floor_of(run, panel, metric))
        remove_empty(axes)
        domain = split(metric)[1]
        yield panel.slug + (f"-{slug(domain)}" if domain else ""), figure


def by_penalty(panel: Panel, cross: Factorial, base: str, metric: str) -> Scores:
    """Penalties -> seed -> best value, for all penalties of the cross; empty where the base has no such cell."""
    return {
        name: values(panel, cross.losses[base, name], metric, "best") if (base, name) in cross.losses else {}
        for name in cross.penalties
    }


def draw_base(axis: Axes, scores: dict[str, Scores], base: str, look: Look) -> None:
    """The medians of all bases in grey; those of one in its colour, with a thin line for every seed."""
    for other, found in scores.items():
        if other != base:
            axis.plot(*_medians(found), color=CONTEXT, linewidth=1.0, zorder=1)
    own = list(scores[base].values())
    for seed in sorted({seed for by_seed in own for seed in by_seed}):
        line = [(place, by_seed[seed]) for place, by_seed in enumerate(own) if seed in by_seed]
        axis.plot(*np.transpose(line), color=look.colour, marker=".", markersize=4, linewidth=0.5, alpha=0.4)
    axis.plot(*_medians(scores[base]), color=look.colour, marker="_", markersize=14, markeredgewidth=2, linewidth=1.8)


def explain(axis: Axes, panel: Panel, cross: Factorial, base: str, found: Scores) -> None:
    """Where the base has no value: why."""
    for place, (name, seeds) in enumerate(found.items()):
        if not seeds:
            loss = cross.losses.get((base, name))
            words = why_missing(panel.of(loss) if loss is not None else [])
            at: dict[str, Any] = {"transform": axis.get_xaxis_transform(), "ha": "center", "va": "top", "rotation": 90}
            axis.text(place, 0.96, words, color="#666666", fontsize=7, **at, bbox={"color": "white", "pad": 1})


def _medians(found: Scores) -> tuple[list[int], list[float]]:
    known = {place: float(np.median(list(seeds.values()))) for place, seeds in enumerate(found.values()) if seeds}
    return list(known), list(known.values())


def finish(axis: Axes, scores: dict[str, Scores], floor: float | None) -> None:
    """One scale for all axes, and the floor where it is known: in figures where its line would press the others flat."""
    every = [value for found in scores.values() for seeds in found.values() for value in seeds.values()]
    if not every:
        say(axis, "no cell with values")
        return
    near = [floor] if floor is not None and REACH * floor > min(every) else []
    every += near
    if min(every) > 0:
        log_scale(axis, every)
    else:
        room = 0.05 * (max(every) - min(every)) or 1.0
        axis.set_ylim(min(every) - room, max(every) + room)
    for value in near:
        axis.axhline(value, color="#444444", linestyle=":", linewidth=1.0)
        axis.annotate("floor", (1, value), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)
    if floor is not None and not near:
        axis.text(1, 0.01, f"floor {number(floor)}", ha="right", fontsize=7, transform=axis.transAxes)


KIND = Kind(
    "factorial",
    "Losses × penalties",
    "The losses' medians over the seeds trained to the end, joined in the loss's colour, with every seed thin; grey: the medians of the "
    "other losses. A seed's line that falls from `none` to a penalty is a seed that the penalty made better. Dotted: the floor, "
    "where it is near.",
    "",
    draw,
)
