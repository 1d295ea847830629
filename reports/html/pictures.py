"""A figure of the page: its SVG, or its PNG where that says the same in fewer bytes."""

from base64 import b64encode
from html import escape
from pathlib import Path

from reports.document import Picture
from reports.html.svg import FigureError, Styles, inline

SHORTENED = 6  # times at most that an SVG is smaller in a page, with room: two to three is usual
HEAVY = 250_000  # bytes up to which an SVG stays one, for it can be searched, enlarged and turned dark


def picture_of(picture: Picture, folder: Path, number: int, styles: Styles) -> str:
    """The element that shows a figure.

    Args:
        picture: whose files lie in `folder`.
        folder: of the report's figures.
        number: of the figure in the page.
        styles: of the page; those of an SVG are added.

    Returns:
        An `svg`, an `img` with its data, or a sentence where neither file can be read.
    """
    image = _read(folder / f"{picture.name}.png")
    drawing = _read(folder / f"{picture.name}.svg")
    if image and len(drawing) > SHORTENED * max(HEAVY, len(image) * 4 // 3):
        return _raster(image, picture.words)
    try:
        text = drawing.decode() if drawing else ""
        mine = Styles(dict(styles.classes), dict(styles.colours))
        shown = inline(text, picture.words, f"f{number}", mine)
    except (FigureError, UnicodeDecodeError):
        return _raster(image, picture.words) if image else "<p>This figure's files cannot be read.</p>"
    if image and len(shown) > max(HEAVY, len(image) * 4 // 3):
        return _raster(image, picture.words)
    styles.classes.update(mine.classes)
    styles.colours.update(mine.colours)
    return shown


def weight(picture: Picture, folder: Path) -> int:
    """About how many bytes a figure takes in a page."""
    image, drawing = (_size(folder / f"{picture.name}.{suffix}") for suffix in ("png", "svg"))
    return min(drawing, max(HEAVY, image * 4 // 3)) if image else drawing


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _raster(image: bytes, words: str) -> str:
    return f'<img class="card" alt="{escape(words)}" src="{data_uri(image, "image/png")}">'


def data_uri(content: bytes, kind: str) -> str:
    """A file's content as an address that needs no file.

    Example:
        >>> data_uri(b"abc", "image/png")
        'data:image/png;base64,YWJj'
    """
    return f"data:{kind};base64,{b64encode(content).decode()}"
