"""Quality against steps, discriminator updates, images and seconds."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import EngFormatter, MaxNLocator

from reports.aggregate import table
from reports.figures.base import Drawn, Kind, palette_of, plot_seeds, thin_lines, thinned
from reports.figures.style import Look, canvas, log_scale, name_axes, plain, say, signed_scale
from reports.ladders import floor_of
from reports.loading import Cell, Json, Run
from reports.metrics import is_distance, is_frechet
from reports.panels import Panel
from reports.timings import step_seconds

AXES = {
    "step": "generator step",
    "discriminator_updates": "discriminator updates",
    "images": "real images seen",
    "seconds": "training time (s)",
}
AVERAGED = "averaged weights"
DASH = (0, (2.5, 2.5))


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel: a row per distance, a column per measure of effort."""
    for panel in panels:
        metrics = list(
            dict.fromkeys(name for cell in panel.cells for point in along(cell) for name in point["metrics"])
        )
        metrics = [name for name in metrics if is_distance(name)]
        if metrics:
            palette, seconds = palette_of(run, _measured(panel)), step_seconds(run, panel)
            title = f"Quality on validation against effort, {plain(panel.label)}"
            legend = {**palette, **({AVERAGED: Look("#444444", DASH)} if averaged([panel]) else {})}
            figure, axes = canvas(len(metrics), len(AXES), title, legend, (2.3, 1.8), (0.6, 0.75))
            for row, metric in enumerate(metrics):
                for column, effort in enumerate(AXES):
                    axis = axes[row, column]
                    draw_effort(axis, panel, metric, effort, seconds, palette)
                    finish(axis, metric, effort, floor_of(run, panel, metric))
            yield panel.slug, figure


def along(cell: Cell) -> list[Json]:
    """The validation scores on the way."""
    return [point for point in cell.quality.get("along") or () if point.get("metrics")]


def averaged(panels: Sequence[Panel]) -> bool:
    """Whether any cell's averaged weights were measured on the way."""
    return any(point.get("averaged") for panel in panels for cell in panel.cells for point in along(cell))


def _measured(panel: Panel) -> list[str]:
    return [loss for loss in panel.losses if any(along(cell) for cell in panel.of(loss))]


def track(
    cells: Sequence[Cell], metric: str, effort: str, seconds: float | None, weights: str = "metrics"
) -> pd.DataFrame:
    """The metric of every seed: one row per value of the effort. Seconds are steps × the timed step.

    Args:
        cells: of one loss.
        metric: its name.
        effort: a key of `AXES`.
        seconds: of a step; None where it was not timed.
        weights: "metrics" for the raw ones, "averaged" for their moving average.
    """
    columns = {}
    for cell in cells:
        points = [(point, (point.get(weights) or {}).get(metric)) for point in cell.quality.get("along") or ()]
        if effort == "seconds":
            known = {point["step"] * seconds: value for point, value in points if seconds is not None}
        else:
            known = {point[effort]: value for point, value in points}
        kept = {at: value for at, value in known.items() if value is not None}
        columns[cell.seed] = (np.array(list(kept)), np.array(list(kept.values()), dtype=float))
    return table({seed: column for seed, column in columns.items() if len(column[0])})


def draw_effort(
    axis: Axes, panel: Panel, metric: str, effort: str, seconds: Mapping[str, float], palette: dict[str, Look]
) -> None:
    """One distance against one measure of effort, for all losses."""
    tracks = {loss: track(panel.of(loss), metric, effort, seconds.get(loss)) for loss in palette}
    most = thin_lines(len(palette))
    values = np.concatenate([plot_seeds(axis, frame, palette[loss], most) for loss, frame in tracks.items()])
    for loss, look in palette.items():
        frame = track(panel.of(loss), metric, effort, seconds.get(loss), "averaged")
        if not frame.empty:  # the median alone: every seed twice would hide both
            median = frame.median(axis=1).to_frame()
            values = np.append(values, plot_seeds(axis, median, look._replace(dash=DASH, width=1.1)))
    if not np.isfinite(values).any():
        say(axis, "no timing record" if effort == "seconds" else "no values")
    elif is_frechet(metric) and np.nanmin(values) > 0:
        log_scale(axis, values)
    else:
        signed_scale(axis, values)
    untimed = [plain(loss) for loss in palette if loss not in seconds]
    if effort == "seconds" and untimed and np.isfinite(values).any():
        axis.text(0.98, 0.97, f"not timed: {', '.join(untimed)}", ha="right", va="top", transform=axis.transAxes)


def finish(axis: Axes, metric: str, effort: str, floor: float | None) -> None:
    """Labels, and the floor where it is known."""
    name_axes(axis, "", AXES[effort], plain(metric) if effort == "step" else "")
    if axis.lines:
        axis.xaxis.set_major_locator(MaxNLocator(5))
        axis.xaxis.set_major_formatter(EngFormatter(sep=""))
    logarithmic = axis.get_yscale() == "log"
    if floor is not None and axis.lines and (floor > 0 or not logarithmic):
        axis.axhline(floor, color="#444444", linestyle=":", linewidth=1.1)
        axis.annotate("floor", (1, floor), xycoords=("axes fraction", "data"), ha="right", va="bottom", fontsize=7)
        low, high = axis.get_ylim()
        if logarithmic and floor < 1.15 * low:
            log_scale(axis, [floor, high / 1.15])  # ticks for what is shown now
        elif not logarithmic:
            axis.set_ylim(min(low, floor), high)


def remark(panels: Sequence[Panel]) -> str:
    """What the dashed lines are, where there are any."""
    words = "Dashed: the median of the generators with averaged weights, beside the raw ones."
    return " ".join(filter(None, [words if averaged(panels) else "", thinned(panels)]))


KIND = Kind(
    "quality",
    "Quality against effort",
    "Median over the seeds, each seed thin, lower is better; dotted: the floor, real images against real ones at the test "
    "split's n. Seconds are steps × the typical step of the timing pass, never a worker's clock.",
    "No cell has quality values.",
    draw,
    remark,
)
