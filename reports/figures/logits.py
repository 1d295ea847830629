"""What the discriminator says of real and fake images."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from benchmarks.records import slug
from reports.aggregate import series
from reports.figures.base import (
    Drawn,
    Kind,
    group_slug,
    losses_of,
    palette_of,
    remove_empty,
    together,
    why_empty,
    with_curves,
    wrapped,
)
from reports.figures.style import Look, canvas, name_axes, plain, say
from reports.loading import Run
from reports.panels import Panel

REAL = "#444444"
FEW = 6


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task, data set and domain: a row per loss, a column per recipe; many rows begin anew beside them."""
    for group in together(with_curves(panels)):
        losses = losses_of(group)
        palette = palette_of(run, losses)
        for domain in dict.fromkeys(name for panel in group for name in panel.domains()):
            # Each has axes with its name above them: the shade is all that the legend need tell of many.
            fakes = {f"fake, {loss}": Look(palette[loss].colour) for loss in losses[:FEW]}
            fakes = fakes if len(losses) <= FEW else {"fake, in the loss's colour": Look(palette[losses[0]].colour)}
            title = f"Logits of real and fake images ({plain(domain)})"
            rows, times = wrapped(len(losses), len(group))
            figure, axes = canvas(rows, times * len(group), title, {"real": Look(REAL), **fakes}, (3.1, 1.4))
            for column, panel in enumerate(group):
                for place, loss in enumerate(losses):
                    axis = axes[place % rows, place // rows * len(group) + column]
                    draw_loss(axis, panel, loss, domain, palette[loss].colour)
            remove_empty(axes)
            yield f"{group_slug(group)}-{slug(domain)}", figure


def draw_loss(axis: Axes, panel: Panel, loss: str, domain: str, colour: str) -> None:
    """Mean ± standard deviation of both kinds of logits, medians over the seeds."""
    shown = False
    for kind, shade in (("real", REAL), ("fake", colour)):
        mean, deviation = (_median(panel, loss, domain, f"{kind}_logit_{part}") for part in ("mean", "std"))
        if len(mean):
            deviation = deviation.reindex(mean.index).fillna(0.0)
            steps = mean.index.to_numpy(dtype=float)
            axis.fill_between(steps, mean - deviation, mean + deviation, color=shade, alpha=0.18, linewidth=0)
            axis.plot(steps, mean.to_numpy(), color=shade, linewidth=1.5)
            shown = True
    name_axes(axis, f"{plain(loss)}, {plain(panel.label)}", "generator step", "logit")
    if not shown:
        say(axis, why_empty(panel, loss, "no logits recorded"))


def _median(panel: Panel, loss: str, domain: str, name: str) -> "pd.Series[float]":
    frame = series(panel.of(loss), "saturation", domain, name)
    return frame.median(axis=1).dropna() if len(frame) else pd.Series(dtype=float)


KIND = Kind(
    "logits",
    "Logits",
    "Mean logit (line) ± one standard deviation within the batch (band), medians over the seeds. Where the bands part, the "
    "discriminator tells real from fake; losses put their logits on scales of their own.",
    "No cell has logits in its curves.",
    draw,
)
