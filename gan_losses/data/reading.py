"""Calls into torchvision's readers, and what is said when they fail."""

import errno
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from gan_losses.errors import UsageError
from gan_losses.regular import open_regular

MOST_BYTES = 4 << 30  # of a file: the largest of these sets has 2.8 GB


def prepare() -> None:
    """Make torchvision importable; it takes a second, so it is imported where it is needed only."""
    import gan_losses._torchvision  # noqa: F401


def check_files(paths: Iterable[Path]) -> None:
    """Raise for what torchvision's readers would wait at or read without end: pipes, devices, files of `/proc`.

    Raises:
        OSError: one is no regular file, empty or larger than any of these sets'.
    """
    for path in paths:
        with open_regular(path, MOST_BYTES) as stream:
            if isinstance(stream, BytesIO):
                raise OSError(errno.ENODATA, "an empty file", str(path))


@contextmanager
def reading(name: str, root: Path) -> Iterator[None]:
    """Tell whatever goes wrong while a set is read in one sentence.

    Raises:
        UsageError: anything was raised inside.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old pickles and of torchvision's own ways
            yield
    except UsageError:
        raise
    except Exception as error:  # readers raise nearly every type on damaged files
        # torchvision's RuntimeError says only that a file is missing or does not have its md5.
        several = "a file is not the published one" if isinstance(error, RuntimeError) else _text(error)
        remedy = "delete the set's files there and get them anew"
        raise UsageError(f"{name} in {str(root)!r} cannot be read ({several}): {remedy}.") from None


def _text(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
