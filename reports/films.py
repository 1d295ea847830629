"""Samples from equal latents over the training, all losses side by side, small enough to stand in a page."""

import io
import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from benchmarks.records import slug
from reports.document import Film, Strip
from reports.loading import Cell
from reports.panels import Panel

NAME = re.compile(r"step(\d{1,15})(-[^/\n]*)?\.(png|webp)$", re.ASCII)
FRAMES = 8  # of a film; a training may have hundreds of grids
WIDEST = 320  # pixels
QUALITY = 80


def films(panels: Sequence[Panel]) -> list[Film]:
    """A film for each panel and domain that has samples, of each loss's smallest seed that has any."""
    return [film for panel in panels for domain in domains(panel) if (film := _film(panel, domain)) is not None]


def domains(panel: Panel) -> list[str]:
    """The domains that have samples; "" stands for the only one."""
    return sorted({domain for cell in panel.cells for _, domain in files_of(cell.folder)})


def files_of(folder: Path) -> dict[tuple[int, str], Path]:
    """(step, domain) -> the grid of a cell."""
    found = {}
    for path in sorted(folder.glob("samples/step*")):
        match = NAME.match(path.name)
        if match:
            found[int(match[1]), (match[2] or "")[1:]] = path
    return found


def chosen(steps: Sequence[int], most: int = FRAMES) -> list[int]:
    """The first, the last and what lies evenly between: so many at most.

    Example:
        >>> chosen(range(0, 1200, 100), 4), chosen([0, 5], 4)
        ([0, 400, 700, 1100], [0, 5])
    """
    ordered = sorted(set(steps))
    if len(ordered) <= most:
        return ordered
    return [ordered[round(place * (len(ordered) - 1) / (most - 1))] for place in range(most)]


def _film(panel: Panel, domain: str) -> Film | None:
    every = {loss: _first(panel, loss, domain) for loss in panel.losses}
    found = {loss: pair for loss, pair in every.items() if pair is not None}
    steps = chosen([step for _, paths in found.values() for step in paths])
    strips = [
        Strip(
            loss, f"seed {cell.seed}, {cell.status}", [frame(paths[step]) if step in paths else None for step in steps]
        )
        for loss, (cell, paths) in found.items()
    ]
    if not any(picture for strip in strips for picture in strip.frames):
        return None
    title = panel.title + (f", into {domain}" if domain else "")
    return Film(title, steps, strips, frame(real_of(panel, domain)))


def _first(panel: Panel, loss: str, domain: str) -> tuple[Cell, dict[int, Path]] | None:
    for cell in panel.of(loss):
        paths = {step: path for (step, name), path in files_of(cell.folder).items() if name == domain}
        if paths:
            return cell, paths
    return None


def real_of(panel: Panel, domain: str) -> Path:
    """The grid of real test images, in the run that the panel's cells are of; it need not be there."""
    cell = next((cell for cell in panel.cells if "image_size" in cell.settings), panel.cells[0])
    size, suffix = cell.settings.get("image_size", ""), f"-{domain}" if domain else ""
    return cell.home / "real" / f"{slug(panel.data)}-{size}{suffix}.png"


def frame(path: Path) -> bytes | None:
    """The upper half of a grid as WebP, at most `WIDEST` pixels wide; None where it cannot be read."""
    picture = _opened(path)
    if picture is None:
        return None
    half = picture.crop((0, 0, picture.width, min(picture.height, (picture.width - 1) // 2 + 1)))
    if half.size == picture.size and picture.width <= WIDEST and path.suffix == ".webp":
        return path.read_bytes()  # a frame that was packed
    if half.width > WIDEST:
        half = half.resize((WIDEST, max(1, round(half.height * WIDEST / half.width))))
    return encoded(half)


def whole(path: Path) -> bytes | None:
    """A grid as WebP; None where it cannot be read."""
    picture = _opened(path)
    return None if picture is None else encoded(picture)


def encoded(picture: Image.Image) -> bytes:
    """A picture as WebP: equal pictures give equal bytes."""
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=4)
    return file.getvalue()


def _opened(path: Path) -> Image.Image | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Pillow's word for a picture that would fill the memory
            with Image.open(path) as opened:
                return opened.convert("RGB")
    except Exception:  # Pillow's readers raise whatever their parsers do, and a picture is no reason to have no report
        return None
