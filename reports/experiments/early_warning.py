"""The figure of `early-warning`."""

from typing import Any

from matplotlib.figure import Figure

from reports.figures.style import Look, canvas, name_axes

KINDS = {"baseline": "#D55E00", "saturation": "#0072B2", "together": "#000000"}
NAMES = {
    "baseline": "loss values and gradient norms",
    "saturation": "saturation statistics",
    "together": "models of several, on losses not seen",
}


def draw(record: dict[str, Any]) -> Figure:
    """The area under the curve of every statistic with its interval."""
    shown = record["shown"]
    rows = [row for row in shown["rows"] if row["kind"] in KINDS][::-1]
    title = f"What the first tenth foretells: {shown['bad']} bad of {shown['cells']} trainings"
    legend = {NAMES[kind]: Look(colour) for kind, colour in KINDS.items()}
    figure, axes = canvas(1, 1, title, legend, (5.0, 0.22 * len(rows) + 0.3), margins=(2.6, 0.55))
    axis = axes[0, 0]
    for place, row in enumerate(rows):
        middle, low, high = row["area under the curve"], row["low"], row["high"]
        if middle is not None:
            axis.plot(middle, place, "o", color=KINDS[row["kind"]], markersize=4.5)
        alike = row.get("area at equal learning rate")
        if alike is not None:
            axis.plot(alike, place, "|", color=KINDS[row["kind"]], markersize=8, markeredgewidth=1.4)
        if low is not None and high is not None:
            axis.plot([low, high], [place, place], color=KINDS[row["kind"]], linewidth=1.4)
    axis.axvline(0.5, color="#666666", linestyle="--", linewidth=0.9)
    axis.set_yticks(range(len(rows)), [row["statistic"] for row in rows])
    axis.set_xlim(0, 1)
    name_axes(axis, "", "area under the ROC curve, in the direction expected beforehand", "")
    return figure
