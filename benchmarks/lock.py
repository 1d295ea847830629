"""Who may work beside whom: a timing pass has the machine alone, a run has its output folder alone."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from gan_losses.errors import UsageError

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
    if not path.exists():
        path.touch()
    with path.open() as file:  # for reading: another user's file will do
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except OSError:
            waiting()
            fcntl.flock(file, mode)
        yield


@contextmanager
def folder_lock(folder: Path) -> Iterator[None]:
    """Keep an output folder to one run at a time.

    Raises:
        UsageError: another run is writing to it.
    """
    if fcntl is None:
        yield  # type: ignore[unreachable,unused-ignore]
        return
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise UsageError(f"another run is writing to {folder}; wait for it or name another --out.") from error
        yield
