"""The saturation statistics over the steps."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from benchmarks.records import slug
from reports.figures.base import Drawn, Kind, losses_of, palette_of, plot_statistic, thinned, with_curves
from reports.figures.style import Look, canvas, fit_scale, name_axes, plain, say
from reports.loading import Run
from reports.panels import Panel

COLUMNS = 4
# statistic -> (title, y label, logarithmic); the generator's own are looked up under "generator".
STATISTICS = {
    "active_fraction_logit": ("active fraction (logits)", "1 = all fakes teach", False),
    "active_fraction_image": ("active fraction (images)", "1 = all fakes teach", False),
    "signal": ("signal", "cosine of half batches", False),
    "accuracy": ("discriminator accuracy", "share", False),
    "log_slope": ("slope at fakes (the loss)", "mean log₁₀ |s|", False),
    "log_discriminator_slope": ("slope of the discriminator", "mean log₁₀ ‖∇D‖", False),
    "log_gradient": ("gradient at fakes", "mean log₁₀ ‖g‖", False),
    "gradient_norm_adversarial": ("gradient of the adversarial terms", "‖∇θ‖", True),
    "gradient_norm_cycle": ("gradient of the cycle terms", "‖∇θ‖", True),
    "gradient_norm_identity": ("gradient of the identity terms", "‖∇θ‖", True),
    "adversarial_to_cycle": ("adversarial over cycle", "ratio of gradients", True),
    "gradient_norm_ratio": ("gradient norms, G / D", "ratio", True),
    "update_ratio": ("generator's update", "‖Δθ‖ / ‖θ‖", True),
    "stalled_share": ("stalled parameters", "share", False),
    "overfitting": ("overfitting of D", "r", False),
    "lipschitz_mean": ("Lipschitz estimate of D", "mean ‖∇D‖", True),
}


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel and domain; the generator's statistics stand with the only domain, or by themselves."""
    for panel in with_curves(panels):
        palette = palette_of(run, losses_of([panel]))
        for name, networks in parts(panel).items():
            paths = present(panel, networks)
            if paths:
                rows = -(-len(paths) // COLUMNS)
                title = f"Gradient saturation, {plain(panel.label)} ({plain(name)})"
                figure, axes = canvas(rows, min(COLUMNS, len(paths)), title, palette, (2.3, 1.45), (0.8, 0.75))
                for axis in axes.flat[len(paths) :]:
                    axis.remove()
                for axis, (statistic, network) in zip(axes.flat, paths.items(), strict=False):
                    draw_statistic(axis, panel, palette, network, statistic)
                yield f"{panel.slug}-{slug(name)}", figure


def parts(panel: Panel) -> dict[str, tuple[str, ...]]:
    """Figure -> the networks whose statistics it shows."""
    domains = panel.domains()
    if len(domains) == 1:
        return {domains[0]: (domains[0], "generator")}
    return {name: (name,) for name in (*domains, "generator")}


def present(panel: Panel, networks: Sequence[str]) -> dict[str, str]:
    """Statistic -> the network it stands under, for those that any cell has."""
    found: dict[str, str] = {}
    for name in STATISTICS:
        for network in networks:
            if any(len(cell.curves.points("saturation", network, name)[0]) for cell in panel.cells):
                found.setdefault(name, network)
    return found


def draw_statistic(axis: Axes, panel: Panel, palette: dict[str, Look], network: str, name: str) -> None:
    """One statistic of all losses."""
    title, label, logarithmic = STATISTICS[name]
    drawn = plot_statistic(axis, panel, palette, "saturation", network, name)
    # A norm of 0 has no place on a logarithmic axis, and one control that has it must not make all others linear.
    fit_scale(axis, drawn[drawn > 0] if logarithmic else drawn, logarithmic)
    if name.startswith("active_fraction") or name in ("stalled_share", "accuracy"):
        axis.set_ylim(-0.04, 1.04)
    if name == "signal" and np.isfinite(drawn).any():
        axis.axhline(0, color="#888888", linewidth=0.7)
    name_axes(axis, title, "generator step", label)
    if not np.isfinite(drawn).any():
        say(axis, "not recorded")


def remark(panels: Sequence[Panel]) -> str:
    """What the generators' own figure shows, where there is one."""
    words = (
        "The generators' figure has the gradient of each kind of term by itself: where the adversarial one is far below the "
        "cycle's, the loss hardly has a say. A loss that trains no discriminator has no line where a discriminator is needed."
    )
    own = any("adversarial_to_cycle" in present(panel, ("generator",)) for panel in with_curves(panels))
    return " ".join(filter(None, [words if own else "", thinned(panels)]))


KIND = Kind(
    "saturation",
    "Gradient saturation",
    "Median over the seeds, each seed thin. The gradient at the fakes is the sum (in log₁₀) of the loss's slope and the "
    "discriminator's: the two say who starves the generator. Active fraction 1: all fakes teach; 1/N: one does. "
    "Axes may cut off single seeds far from all others.",
    "No cell has saturation statistics in its curves.",
    draw,
    remark,
)
