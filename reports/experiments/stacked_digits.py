"""The figure of `stacked-digits`."""

from typing import Any

from matplotlib.figure import Figure

from reports.figures.style import canvas, looks, name_axes

KINDS = {"modes": "modes met, of 1,000", "kl": "KL to equal shares, nats"}


def draw(record: dict[str, Any]) -> Figure:
    """Modes and KL against steps, a line per seed."""
    shown = record["shown"]
    palette = looks({name: (name.partition("+")[0], name.partition("+")[2] or "none") for name in shown["losses"]})
    figure, axes = canvas(1, 2, f"Stacked digits, {shown['fakes']:,} fakes a time", palette, (3.6, 2.6))
    for axis, (kind, words) in zip(axes[0], KINDS.items(), strict=True):
        for name, curves in shown["losses"].items():
            look = palette[name]
            for curve in curves:
                steps, values = [row["step"] for row in curve], [row[kind] for row in curve]
                axis.plot(
                    steps, values, color=look.colour, linestyle=look.dash, linewidth=1.2, marker="o", markersize=2.5
                )
        axis.axhline(shown["perfect"][kind], color="#666666", linewidth=0.9, linestyle="--")
        axis.set_ylim(bottom=0)
        name_axes(axis, words, "generator's steps", words.partition(",")[0])
    return figure
