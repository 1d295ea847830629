"""Files and folders that several processes want to make at once, and that must never be found half made."""

import contextlib
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from gan_losses.errors import UsageError

if sys.platform != "win32":
    import fcntl


@contextlib.contextmanager
def alone(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Be the only process that makes `path`; its lock is the file of that name with `.lock` at its end.

    Args:
        path: what is made; folders on the way are.
        waiting: called once if another process makes it just now.

    Raises:
        OSError: if the lock cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_name(f"{path.name}.lock"), "ab", opener=_plainly) as handle:
        _lock(handle, waiting)
        yield


def _plainly(path: str, flags: int) -> int:
    """Open for writing, but neither what a link points to nor a pipe, at which it would wait."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o666)


def _lock(handle: BinaryIO, waiting: Callable[[], None]) -> None:
    if sys.platform != "win32":
        with contextlib.suppress(OSError):  # a file system without locks: go on, hashes tell if it went wrong
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(handle, fcntl.LOCK_EX)


@contextlib.contextmanager
def looking(root: Path) -> Iterator[None]:
    """Tell in one sentence that a folder of data cannot be looked at, be it closed or too long a name.

    Raises:
        UsageError: an OSError was raised inside.
    """
    try:
        yield
    except OSError as error:
        problem = f"the data in {str(root)!r} cannot be looked at ({error.strerror})"
        raise UsageError(f"{problem}: allow it, or name another folder.") from None


@contextlib.contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """An empty folder to be filled, which is `folder` when the block ends, and gone without a trace if it fails.

    If `folder` has appeared meanwhile, it is left as it is.

    Args:
        folder: it must not exist. The folder above it is made.

    Raises:
        OSError: if it cannot be written.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        content = temporary / folder.name  # one deeper: mkdtemp's own folder is closed to everybody else
        content.mkdir()
        yield content
        _settle(content, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _settle(content: Path, folder: Path) -> None:
    try:
        content.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster, with the same content
            raise


def sweep(folder: Path) -> None:
    """Remove what processes that were killed inside of `appearing(folder)` have left; nobody must be inside of it now."""
    for left in folder.parent.glob(f".{folder.name}.*"):
        shutil.rmtree(left, ignore_errors=True)


def slug(name: str) -> str:
    """A file-name-safe form of a name; names that had to be changed get a hash so that they stay apart.

    Example:
        >>> slug("mnist"), slug("images:/tmp/a b")
        ('mnist', 'images-tmp-a-b-94c185')
    """
    safe = re.sub(r"[^A-Za-z0-9._+]+", "-", name).strip("-.")[-60:]
    return safe if safe == name else f"{safe}-{sha256(name.encode(errors='surrogateescape')).hexdigest()[:6]}"
