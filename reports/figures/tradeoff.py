"""How right translations are against how real they look, over a weight that a run swept."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from reports.aggregate import middle, primaries, values
from reports.figures.base import Drawn, Kind, losses_of, palette_of
from reports.figures.style import Look, canvas, log_scale, name_axes, plain, say
from reports.loading import Run
from reports.metrics import base, is_frechet, split
from reports.panels import Panel
from reports.text import setting

# What a translation is right by, the first of these that the records hold: the truth, or else the round trip.
RIGHT = {
    "true_share": "true error (1: as untranslated)",
    "cycle_psnr": "round trip's PSNR (dB, higher is better)",
}


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task, data set, recipe and passport: an axes per domain that is translated into."""
    for group in alike([panel for panel in panels if panel.translation()]):
        pairs = [pair for pair in ((near, right(group[0], near)) for near in primaries(group[0])) if pair[1]]
        if pairs:
            palette = palette_of(run, losses_of(group, curved=False))
            words = f" over {', '.join(map(plain, swept(group)))}" if swept(group) else ""
            title = f"Right or only real-looking, {plain(group[0].recipe)}{words}"
            figure, axes = canvas(1, len(pairs), title, palette, (3.7, 3.1), (0.8, 0.75))
            for axis, (near, true) in zip(axes[0], pairs, strict=True):
                draw_domain(axis, group, near, true, palette)
            yield group[0].slug, figure


def alike(panels: Sequence[Panel]) -> list[list[Panel]]:
    """Panels that differ in nothing but settings: their values compare."""
    groups: dict[str, list[Panel]] = {}
    for panel in panels:
        key = json.dumps([panel.task, panel.data, panel.recipe, panel.passport], sort_keys=True, default=str)
        groups.setdefault(key, []).append(panel)
    return list(groups.values())


def right(panel: Panel, near: str) -> str:
    """The metric that says how right the translations are of which `near` says how real they look; "" without one."""
    target = split(near)[1]
    for kind in RIGHT:
        names = [name for name in panel.translation() if base(name) == kind]
        # A round trip carries the domain where it starts: what is translated into b starts, and is judged, in a.
        own = [name for name in names if (split(name)[1] == target) == (kind == "true_share")]
        if own:
            return own[0]
    return ""


def swept(panels: Sequence[Panel]) -> list[str]:
    """The settings that the panels differ in, if these are numbers that rise or fall from panel to panel together."""
    names = list(panels[0].varied)
    numbers = [[panel.varied[name] for panel in panels] for name in names]
    if len(panels) < 2 or not all(isinstance(value, int | float) for row in numbers for value in row):
        return []
    rising = all(_monotonous(row) for row in numbers)
    return names if rising else []


def _monotonous(row: Sequence[float]) -> bool:
    steps = [after - before for before, after in pairwise(row)]
    return all(step > 0 for step in steps) or all(step < 0 for step in steps)


def draw_domain(axis: Axes, panels: Sequence[Panel], near: str, true: str, palette: dict[str, Look]) -> None:
    """A loss's medians, joined in the order of the number that was swept and labelled with it; every seed small."""
    across: list[float] = []
    for loss, look in palette.items():
        points: dict[str, tuple[float, float]] = {}
        for panel in panels:
            across += draw_seeds(axis, panel, loss, near, true, look)
            x, y = (middle(panel, loss, metric, "best") for metric in (near, true))
            if x is not None and y is not None:
                points[label(panel, panels)] = (x, y)
        joined = look.dash if swept(panels) else "none"
        style: dict[str, Any] = {"color": look.colour, "linestyle": joined, "marker": "o", "markersize": 5}
        axis.plot([x for x, _ in points.values()], [y for _, y in points.values()], linewidth=1.2, **style)
        for words, at in points.items():
            axis.annotate(words, at, (4, 3), textcoords="offset points", fontsize=6.5, color=look.colour)
    title = f"into {plain(split(near)[1])}" if split(near)[1] else ""
    name_axes(axis, title, f"{plain(near)} (lower is better)", f"{plain(true)}: {RIGHT[base(true)]}")
    if across:
        finish(axis, near, true, across)
    else:
        say(axis, "no cell with values")


def draw_seeds(axis: Axes, panel: Panel, loss: str, near: str, true: str, look: Look) -> list[float]:
    """Every seed that has both values; returns where they lie on the x axis."""
    across, up = values(panel, loss, near, "best"), values(panel, loss, true, "best")
    seeds = sorted(set(across) & set(up))
    x, y = [across[seed] for seed in seeds], [up[seed] for seed in seeds]
    axis.plot(x, y, "o", color=look.colour, markersize=2.5, alpha=0.4, markeredgewidth=0)
    return x


def label(panel: Panel, panels: Sequence[Panel]) -> str:
    """What sets a panel apart, as briefly as can be: the numbers where the title says of what.

    Returns:
        "" where there is but one panel.
    """
    if len(panels) < 2:
        return ""
    values = [panel.varied[name] for name in swept(panels)]
    return "/".join(f"{each:g}" if isinstance(each, float) else setting(each) for each in values) or plain(panel.note)


def finish(axis: Axes, near: str, true: str, across: Sequence[float]) -> None:
    """Scales, and the error of doing nothing where it is in sight."""
    axis.margins(0.12)
    axis.autoscale_view()
    if is_frechet(near) and min(across) > 0:
        # A control that no discriminator pulls to the domain is far to the right of all that is to be told apart.
        log_scale(axis, across, axis.xaxis)
    if base(true) == "true_share":
        axis.set_ylim(bottom=0)
        if axis.get_ylim()[1] > 1:
            axis.axhline(1, color="#444444", linestyle=":", linewidth=1.0)


KIND = Kind(
    "tradeoff",
    "Right or only real-looking",
    "Left is more like the domain, seen as a set; the other axis says whether each picture became the right one, by the true error "
    "(down is better, dotted: as if nothing had been translated) or, where no truth is known, by the round trip (up is better, but "
    "doing nothing has a perfect one). Large points: medians over the seeds trained to the end; small and pale: every seed. A line joins "
    "what one loss does as the number beside the points changes.",
    "",
    draw,
)
