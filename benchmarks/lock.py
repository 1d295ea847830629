"""Keeps a timing pass alone: runs share the machine's lock while they train, a timing pass takes it whole."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: no advisory locks of this kind, runs are then not kept apart
    fcntl = None  # type: ignore[assignment,unused-ignore]


@contextmanager
def machine_lock(alone: bool, waiting: Callable[[], None] = lambda: None, path: Path | None = None) -> Iterator[None]:
    """Hold the machine's lock: shared while cells train, alone while steps are timed.

    Args:
        alone: whether nobody else may hold it.
        waiting: called once if another run of the suite holds it.
        path: of the lock file; one per machine by default.
    """
    if fcntl is None:
        yield  # type: ignore[unreachable,unused-ignore]
        return
    path = path or Path(tempfile.gettempdir()) / "gan-losses-timing.lock"
    mode = fcntl.LOCK_EX if alone else fcntl.LOCK_SH
    with path.open("a") as file:
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except OSError:
            waiting()
            fcntl.flock(file, mode)
        yield
