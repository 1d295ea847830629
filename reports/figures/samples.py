"""Sample grids of all losses side by side, from the same latents or pictures, next to real images."""

from collections.abc import Iterator, Sequence
from typing import Any

from matplotlib.axes import Axes
from numpy.typing import NDArray

from benchmarks.records import slug
from reports.figures.base import Drawn, Kind, read_picture
from reports.figures.style import canvas, plain
from reports.films import domains, files_of, real_of
from reports.loading import Run
from reports.metrics import base, split
from reports.panels import Panel

COLUMNS = 4
WIDE = 4.3  # inches of a grid of scenes
LINE = 32  # letters above a grid


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel and domain."""
    for panel in panels:
        for domain in domains(panel):
            pictures = [*_real(panel, domain), *_fakes(panel, domain)]
            most, size = layout(pictures, domain)
            rows = -(-len(pictures) // most)
            figure, axes = canvas(
                rows, min(most, len(pictures)), title_of(panel, domain), {}, size, (0.15, 0.42), (0.15, 0.15)
            )
            for axis in axes.flat[len(pictures) :]:
                axis.remove()
            for axis, (name, picture) in zip(axes.flat, pictures, strict=False):
                show(axis, name, picture)
            yield panel.slug + (f"-{slug(domain)}" if domain else ""), figure


def title_of(panel: Panel, domain: str) -> str:
    """What the grids are; those of several domains are scenes, in which pictures stand side by side."""
    if not domain:
        return f"Samples of the last evaluation, {plain(panel.label)}"
    known = any(base(name).startswith("true_") and split(name)[1] == domain for name in panel.translation())
    scene = "input, translation, round trip" + (", truth" if known else "")
    return f"Translations into {plain(domain)}, {plain(panel.label)}\n(two scenes a row, each: {scene})"


def layout(pictures: Sequence[tuple[str, NDArray[Any]]], domain: str) -> tuple[int, tuple[float, float]]:
    """(grids in a row, size of one in inches): scenes are wide, and their parts are to be told apart."""
    if not domain:
        return COLUMNS, (2.1, 2.1)
    tallest = max((picture.shape[0] / picture.shape[1] for name, picture in pictures[-1:]), default=1.0)
    return COLUMNS // 2, (WIDE, WIDE * min(2.0, tallest))


def show(axis: Axes, name: str, picture: NDArray[Any]) -> None:
    """A grid of images without axes."""
    axis.imshow(picture, interpolation="nearest", cmap="gray", vmin=0, vmax=1)
    axis.set_axis_off()
    axis.set_title(name)


def _real(panel: Panel, domain: str) -> Iterator[tuple[str, NDArray[Any]]]:
    picture = read_picture(real_of(panel, domain))
    if picture is not None:
        yield "real test images", picture


def _fakes(panel: Panel, domain: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """The last readable grid of each loss's smallest seed that has one."""
    for loss in panel.losses:
        for cell in panel.of(loss):
            grids = {step: path for (step, name), path in files_of(cell.folder).items() if name == domain}
            step = max(grids, default=0)
            picture = read_picture(grids[step]) if grids else None
            if picture is not None:
                ended = "" if cell.done else f", {cell.status}"
                name, place = plain(loss), f"seed {cell.seed}, step {step}{ended}"
                yield f"{name}, {place}" if len(name) + len(place) < LINE else f"{name}\n{place}", picture
                break


def remark(panels: Sequence[Panel]) -> str:
    """What the grids of translations are, where there are any."""
    if not any(filter(None, (name for panel in panels for name in domains(panel)))):
        return ""
    return (
        "Translations are of the same test images for every loss: each scene is the input, its translation, the round trip back "
        "and, where it is known, the right answer. Compare the second picture with the fourth; a third that matches the first shows no more "
        "than that the way back was found."
    )


KIND = Kind(
    "samples",
    "Samples",
    "All losses drew these from the same latents or pictures (smallest seed that has a grid, last step, nothing picked by eye), beside "
    "real test images. A few dozen images show artefacts and collapse; they do not rank losses.",
    "No cell has samples.",
    draw,
    remark,
)
