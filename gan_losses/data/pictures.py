"""Image files to square arrays through Pillow, whatever they hold, many at a time."""

import hashlib
import io
import warnings
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import (  # the plugins register themselves: naming a format that is not registered fails
    BmpImagePlugin,  # noqa: F401
    GifImagePlugin,  # noqa: F401
    Image,
    ImageOps,
    JpegImagePlugin,  # noqa: F401
    PngImagePlugin,  # noqa: F401
    TiffImagePlugin,  # noqa: F401
    UnidentifiedImageError,
    WebPImagePlugin,  # noqa: F401
)

from gan_losses.regular import open_regular

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
# Named, so that a wrongly named file never reaches Pillow's exotic readers (EPS starts Ghostscript).
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF")
THREADS = 4
AT_ONCE = 1 << 20  # pixels that are turned into floats: of a large image all would need gigabytes
MOST_BYTES = 1 << 30  # of a file: the most pixels that Pillow takes, of four times 16 bits, are 716 million
AHEAD = 64  # pictures that are decoded before they are asked for: they lie in memory


@dataclass(frozen=True)
class Picture:
    """One image as read.

    Attributes:
        pixels: uint8 (3, image_size, image_size), RGB.
        digest: sha256 of the file's bytes in hexadecimal.
    """

    pixels: NDArray[np.uint8]
    digest: str

    @property
    def is_grey(self) -> bool:
        """Whether red, green and blue are the same everywhere."""
        return bool((self.pixels == self.pixels[:1]).all())


class UnreadableError(Exception):
    """Why a file gives no picture, in a few words."""


def read_pictures(paths: Iterable[Path], image_size: int) -> Generator[Picture | UnreadableError, None, None]:
    """A `Picture` for each path, in their order, or the `UnreadableError` that says why there is none.

    The first frame; turned as its EXIF data says; laid on white where transparent; 16-bit grey scaled to 8 bits; CMYK
    and palettes to RGB; the shorter side brought to `image_size` by antialiased bicubic interpolation, the middle cut
    out. Bad are truncated and empty files, other contents than the suffix says, floating-point pixels, and images so
    large that Pillow suspects a decompression bomb (above 89 million pixels), or of more than 1 GiB.

    Args:
        paths: image files.
        image_size: side of the result in pixels.
    """
    waiting: deque[Future[Picture | UnreadableError]] = deque()
    with warnings.catch_warnings(), ThreadPoolExecutor(THREADS) as pool:
        # Set here and not in the workers: the filters belong to the process and are not safe to change from threads.
        warnings.filterwarnings("ignore", module="PIL")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        for path in paths:
            waiting.append(pool.submit(_read, path, image_size))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def hash_file(path: Path, most: int | None = MOST_BYTES) -> str | UnreadableError:
    """sha256 of a file's bytes in hexadecimal, or why it cannot be read; more than `most` are not."""
    try:
        if not path.is_file():
            return UnreadableError("not a regular file")  # or a link to nothing
        with open_regular(path, most) as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return UnreadableError(error.strerror or type(error).__name__)


def _read(path: Path, image_size: int) -> Picture | UnreadableError:
    try:
        if not path.is_file():
            return UnreadableError("not a regular file")  # or a link to nothing
        with open_regular(path, MOST_BYTES) as stream:
            if isinstance(stream, io.BytesIO):
                return UnreadableError("it is empty")
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
            with Image.open(stream, formats=FORMATS) as image:
                return Picture(_square(image, image_size), digest)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return UnreadableError("more pixels than a sound image has")
    except UnidentifiedImageError:
        return UnreadableError("not an image of a known type")
    except UnreadableError as reason:
        return reason
    except Exception as error:  # Pillow's readers raise nearly every type on damaged files
        return UnreadableError(_reason(error))


def _reason(error: Exception) -> str:
    words = str((isinstance(error, OSError) and error.strerror) or error)
    return " ".join(words.split())[:200] or type(error).__name__


def _square(image: Image.Image, image_size: int) -> NDArray[np.uint8]:
    # A JPEG's decoder can halve large photographs for nothing; 4 x the size leaves the antialiasing to the resize.
    image.draft(image.mode, (4 * image_size, 4 * image_size))
    colour = _to_rgb(ImageOps.exif_transpose(image))
    square = ImageOps.fit(colour, (image_size, image_size), method=Image.Resampling.BICUBIC)
    return np.ascontiguousarray(np.asarray(square).transpose(2, 0, 1))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F":
        raise UnreadableError("floating-point pixels have no agreed white: save it with 8 or 16 bits")
    if image.mode.startswith("I"):
        image = _to_eight_bits(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    image = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(white, image).convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits (white is 65535), or of 32 if it has larger values, to 8; `convert("L")` would clip at 255."""
    values = np.asarray(image)
    white = 65535 if values.max() <= 65535 else 2**31 - 1
    eight, flat = np.empty(values.shape, np.uint8), values.reshape(-1)
    for first in range(0, values.size, AT_ONCE):
        part = slice(first, first + AT_ONCE)
        eight.reshape(-1)[part] = (flat[part].astype(np.float64).clip(0) * (255 / white)).round()
    return Image.fromarray(eight)
