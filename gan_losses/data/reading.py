"""Calls into torchvision's readers, and what is said when they fail."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gan_losses.errors import UsageError


def prepare() -> None:
    """Make torchvision importable; it takes a second, so it is imported where it is needed only."""
    import gan_losses._torchvision  # noqa: F401


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
