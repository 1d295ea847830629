"""One build of a report at a time, and nothing left of those that were killed."""

import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows: no advisory locks of this kind, builds are then not kept apart
    fcntl = None  # type: ignore[assignment,unused-ignore]

OLD = "old."


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Be the only build of a report; waits for another one. The lock is a file beside the report, gone at the end.

    Args:
        out: the report's folder; the one above it must be there.

    Raises:
        OSError: the lock cannot be written.
    """
    if fcntl is None:
        yield  # type: ignore[unreachable,unused-ignore]
        return
    path = out.with_name(f".{out.name}.lock")
    file = _take(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)  # before it is let go: who waits for it sees that it is gone, and makes a new one
        file.close()


def _take(path: Path) -> IO[str]:
    while True:
        file = path.open("a")
        fcntl.flock(file, fcntl.LOCK_EX)
        if path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino:
            return file
        file.close()


def sweep(out: Path, known: Iterable[str]) -> None:
    """Remove what killed builds of this report have left beside it; a report that one had just moved away is put back.

    Args:
        out: the report's folder.
        known: what such a folder may hold; one with other files in it is not ours.
    """
    names = re.compile(
        rf"\.{re.escape(out.name)}\.({re.escape(OLD)})?[a-z0-9_]{{8}}"
    )  # as `tempfile.mkdtemp` makes them
    for path in sorted(out.parent.iterdir()):
        found = names.fullmatch(path.name)
        if found is None or path.is_symlink() or not path.is_dir():
            continue
        former = path / out.name
        if found[1] and former.is_dir() and not out.exists():
            former.rename(out)
        if {inner.name for inner in path.iterdir()} <= {*known, *([out.name] if found[1] else [])}:
            shutil.rmtree(path, ignore_errors=True)
