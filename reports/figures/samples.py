"""Sample grids of all losses side by side, from the same latents, next to real images."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.image import imread
from numpy.typing import NDArray

from benchmarks.records import slug
from reports.figures.base import Drawn, Kind
from reports.figures.style import canvas, plain
from reports.loading import Run
from reports.panels import Panel

COLUMNS = 4
LINE = 32  # letters above a grid


def draw(run: Run, panels: Sequence[Panel]) -> Drawn:
    """One figure per panel and domain."""
    for panel in panels:
        for domain in domains(panel):
            pictures = [*_real(run, panel, domain), *_fakes(panel, domain)]
            rows = -(-len(pictures) // COLUMNS)
            title = f"Samples of the last evaluation, {plain(panel.label)}"
            figure, axes = canvas(rows, min(COLUMNS, len(pictures)), title, {}, (2.1, 2.1), (0.15, 0.42), (0.15, 0.15))
            for axis in axes.flat[len(pictures) :]:
                axis.remove()
            for axis, (name, picture) in zip(axes.flat, pictures, strict=False):
                show(axis, name, picture)
            yield panel.slug + (f"-{domain}" if domain else ""), figure


def domains(panel: Panel) -> list[str]:
    """The domains that have samples; "" stands for the only one."""
    files = [path for cell in panel.cells for path in _files(cell.folder)]
    return sorted({path.stem.partition("-")[2] for path in files})


def show(axis: Axes, name: str, picture: NDArray[Any]) -> None:
    """A grid of images without axes."""
    axis.imshow(picture, interpolation="nearest", cmap="gray", vmin=0, vmax=1)
    axis.set_axis_off()
    axis.set_title(name)


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("samples/step*.png"))


def _real(run: Run, panel: Panel, domain: str) -> Iterator[tuple[str, NDArray[Any]]]:
    size = next((cell.settings["image_size"] for cell in panel.cells if "image_size" in cell.settings), "")
    suffix = f"-{domain}" if domain else ""
    picture = _read(run.folder / "real" / f"{slug(panel.data)}-{size}{suffix}.png")
    if picture is not None:
        yield "real test images", picture


def _fakes(panel: Panel, domain: str) -> Iterator[tuple[str, NDArray[Any]]]:
    """The last readable grid of each loss's smallest seed that has one."""
    for loss in panel.losses:
        for cell in panel.of(loss):
            last = [path for path in _files(cell.folder) if path.stem.partition("-")[2] == domain][-1:]
            picture = _read(last[0]) if last else None
            if picture is not None:
                step = int(last[0].stem.partition("-")[0].removeprefix("step"))
                ended = "" if cell.done else f", {cell.status}"
                name, place = plain(loss), f"seed {cell.seed}, step {step}{ended}"
                yield f"{name}, {place}" if len(name) + len(place) < LINE else f"{name}\n{place}", picture
                break


def _read(path: Path) -> NDArray[Any] | None:
    try:
        return imread(path)
    except (OSError, ValueError, SyntaxError):  # what Pillow raises for pictures that are missing, cut off or broken
        return None


KIND = Kind(
    "samples",
    "Samples",
    "All losses drew these from the same latents (smallest seed that has a grid, last step, nothing picked by eye), beside "
    "real test images. A few dozen images show artefacts and collapse; they do not rank losses.",
    "No cell has samples.",
    draw,
)
