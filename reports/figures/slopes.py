"""Where in a picture a patch-wise discriminator still teaches: maps of the loss's slope beside the translations."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from numpy.typing import NDArray

from benchmarks.records import RecordError, read_json, slug
from reports.figures.base import Drawn, Kind, read_picture
from reports.figures.style import canvas, plain
from reports.loading import Cell, Json, Run
from reports.panels import Panel
from reports.shape_checks import LARGEST

MOST = 6  # translations side by side
DECADES = 1e4  # what is smaller than the largest slope by more has the darkest colour
Maps = tuple[Cell, NDArray[Any], NDArray[np.float64]]


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel and domain: two rows per loss, translations above their maps, all maps on one scale."""
    for panel in panels:
        every = {loss: list(_all_maps(panel, loss)) for loss in panel.losses}
        for domain in sorted({name for found in every.values() for maps in found for name in maps[1]}):
            found = {loss: maps for loss, every_seed in every.items() if (maps := first(every_seed, domain))}
            if found:
                yield f"{panel.slug}-{slug(domain)}", draw_domain(panel, domain, found)


def first(every_seed: Sequence[tuple[Cell, Mapping[str, Json]]], domain: str) -> Maps | None:
    """(cell, strip of pictures, slopes) of the smallest seed that has maps of the domain with more than one patch."""
    for cell, domains in every_seed:
        slopes = _numbers(domains.get(domain))
        strip = read_picture(cell.folder / "maps" / f"{domain}.png")
        if slopes is not None and strip is not None and strip.shape[1] >= len(slopes):
            return cell, strip, slopes
    return None


def _all_maps(panel: Panel, loss: str) -> Iterator[tuple[Cell, Mapping[str, Json]]]:
    for cell in panel.of(loss):
        try:
            domains = read_json(cell.folder / "maps.json", "domains")["domains"]
        except (
            RecordError,
            RecursionError,
        ):  # they are optional, and like a broken picture no reason to have no report
            continue
        if isinstance(domains, dict):  # a name that is no file's name would lead out of the folder
            yield cell, {name: maps for name, maps in domains.items() if name == slug(name)}


def _numbers(maps: Any) -> NDArray[np.float64] | None:
    """The slopes as an array [k, height, width]; None for what has no such shape or one patch only."""
    try:
        slopes = np.array(maps["slopes"], dtype=float)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if slopes.ndim != 3 or slopes.size <= len(slopes) or (np.abs(slopes) > LARGEST).any():
        return None
    return slopes


def draw_domain(panel: Panel, domain: str, found: Mapping[str, Maps]) -> Figure:
    """The figure of one domain."""
    columns = min(MOST, max(len(slopes) for _, _, slopes in found.values()))
    title = f"Where the generator is taught, {plain(panel.label)} (into {plain(domain)})"
    figure, axes = canvas(2 * len(found), columns, title, {}, (1.05, 1.05), (0.06, 0.12), (0.95, 0.75))
    low, high = limits([slopes[:columns] for _, _, slopes in found.values()])
    norm = LogNorm(low, high)
    for axis in axes.flat:
        axis.set_axis_off()
    for row, (loss, (cell, strip, slopes)) in enumerate(found.items()):
        for column, (picture, slope) in enumerate(zip(cut(strip, len(slopes)), slopes, strict=True)):
            if column < columns:
                axes[2 * row, column].imshow(picture, interpolation="nearest", cmap="gray", vmin=0, vmax=1)
                shown = np.clip(np.abs(slope), low, high)
                image = axes[2 * row + 1, column].imshow(shown, interpolation="nearest", cmap="viridis", norm=norm)
        _name(axes[2 * row, 0], f"{plain(loss)}\nseed {cell.seed}")
        _name(axes[2 * row + 1, 0], f"|slope|\n{_range(slopes[:columns])}")
    _colour_bar(figure, image, axes)
    return figure


def cut(strip: NDArray[Any], count: int) -> list[NDArray[Any]]:
    """The pictures of a strip that stand side by side without gaps."""
    width = strip.shape[1] // count
    return [strip[:, place * width : (place + 1) * width] for place in range(count)]


def limits(maps: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """The ends of a logarithmic scale for the sizes of all slopes, at least a factor of 4 and at most `DECADES` apart.

    Example:
        >>> limits([np.array([[[0.0, 1.0]], [[0.01, -2.0]]])])
        (0.01, 2.0)
        >>> limits([np.array([[[-1.0, -1.0]]])])
        (0.5, 2.0)
    """
    sizes = np.abs(np.concatenate([slopes.ravel() for slopes in maps]))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if not len(sizes):
        return 0.1, 1.0
    high = float(sizes.max())
    low = max(float(sizes.min()), high / DECADES)
    room = max(1.0, 2 / float(np.sqrt(high / low)))
    return low / room, high * room


def _range(slopes: NDArray[np.float64]) -> str:
    sizes = np.abs(slopes[np.isfinite(slopes)])
    return f"{sizes.min():.2g} to {sizes.max():.2g}" if len(sizes) else "not finite"


def _name(axis: Axes, words: str) -> None:
    axis.text(-0.08, 0.5, words, ha="right", va="center", fontsize=7, transform=axis.transAxes)


def _colour_bar(figure: Figure, image: Any, axes: NDArray[Any]) -> None:
    width, height = figure.get_size_inches()
    left, right = axes[-1, 0].get_position().x0, axes[-1, -1].get_position().x1
    place = figure.add_axes((left, 0.42 / height, max(right - left, 2 / width), 0.1 / height))
    bar = figure.colorbar(image, cax=place, orientation="horizontal")
    bar.set_label("|slope| of the generator's loss at the patch's logit")
    low, high = image.norm.vmin, image.norm.vmax
    bar.ax.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high / low < 1000 else (1.0,)))
    bar.ax.xaxis.set_major_formatter(FuncFormatter(lambda value, position: f"{value:g}"))
    bar.ax.xaxis.set_minor_formatter(NullFormatter())
    bar.ax.grid(visible=False)


KIND = Kind(
    "slopes",
    "Slopes patch by patch",
    "The first test images' translations at the end of training (smallest seed that has maps, nothing picked by eye), and below each "
    "the size of the slope dL_G/df of the generator's loss, before averaging, at every logit of the discriminator's map, on one "
    "logarithmic scale for all losses of the figure; its range stands at the left. Dark patches teach the generator little, and "
    "where a whole map is of one colour the loss weighs all patches alike. Signs are left out. The logits lie on scales that each "
    "discriminator chose, so a brighter map is no better one.",
    "",
    draw,
)
