"""The time of a step by phase."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from reports.figures.base import Drawn, Kind, group_slug, together
from reports.figures.style import LETTER, Look, canvas, name_axes, plain, say
from reports.loading import Run
from reports.panels import Panel
from reports.timings import StepTime, step_times

# A scale of its own, from light to dark: phases are no losses.
SHADES = ("#d9d9d9", "#80b1d3", "#1f4e79", "#fdb462", "#8c6d31", "#b3de69", "#666666")


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per task, data set and device: a column per recipe."""
    for group in together(panels):
        times = {panel: step_times(run, panel) for panel in group}
        devices = dict.fromkeys(time.device for found in times.values() for time in found)
        for number, device in enumerate(devices):
            own = {panel: [time for time in found if time.device == device] for panel, found in times.items()}
            every = [time for found in own.values() for time in found]
            phases = list(dict.fromkeys(phase for time in every for phase in time.phases()))
            palette = {phase: SHADES[index % len(SHADES)] for index, phase in enumerate(phases)}
            height = 0.4 + 0.34 * max(len(found) for found in own.values())
            left = 0.3 + LETTER * max(len(plain(time.loss)) for time in every)
            legend = {phase: Look(colour) for phase, colour in palette.items()}
            figure, axes = canvas(
                1, len(group), "Time of a step by phase", legend, (3.1, height), (left, 0.7), (left, 0.55)
            )
            figure.text(
                1, 0.01, plain(device, longest=100) + " ", ha="right", va="bottom", fontsize=6.5, color="#666666"
            )
            for axis, (panel, found) in zip(axes[0], own.items(), strict=True):
                draw_bars(axis, panel, found, palette)
            yield f"{group_slug(group)}-{number + 1}", figure


def draw_bars(axis: Axes, panel: Panel, times: Sequence[StepTime], palette: dict[str, str]) -> None:
    """Stacked bars of the phases' typical wall-clock times, one per loss, the step's quartiles as a whisker."""
    name_axes(axis, plain(panel.label), "wall-clock time (ms)", "")
    if not times:
        say(axis, "not timed on this device")
        return
    for place, time in enumerate(times):
        start = 0.0
        for phase, seconds in time.phases().items():
            axis.barh(place, 1e3 * seconds, left=start, color=palette[phase], height=0.62)
            start += 1e3 * seconds
        _, lower, upper = time.wall()
        axis.plot([1e3 * lower, 1e3 * upper], [place, place], color="black", linewidth=1.2, solid_capstyle="butt")
    axis.set_yticks(range(len(times)), [plain(time.loss) for time in times])
    axis.set_ylim(len(times) - 0.5, -0.5)
    axis.set_xlim(left=0)
    axis.grid(visible=False, axis="y")


KIND = Kind(
    "cost",
    "Time of a step",
    "Typical times of the phases, stacked, from the timing pass (alone on the machine, losses interleaved); black: the quartiles "
    "of the whole step. A typical time is the median, or its mean over the steps of a period where a penalty is due every so "
    "often. Medians of parts need not add up to the median of the whole.",
    "No timing record: run `python -m benchmarks.run` again, which makes the timing pass.",
    draw,
)
