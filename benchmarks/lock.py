"""Who may work beside whom: a timing pass has the machine alone, a process has its cell alone."""

import errno
import json
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import psutil

try:
    import fcntl
except ImportError:  # Windows: no advisory locks of this kind, runs are then not kept apart
    fcntl = None  # type: ignore[assignment,unused-ignore]

WITHOUT_LOCKS = (errno.ENOTSUP, errno.ENOSYS, errno.ENOLCK, errno.EINVAL)  # what a file system says that has none


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
def folder_lock(folder: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Prepare an output folder alone; another run waits until it is prepared.

    Args:
        folder: the output folder.
        waiting: called once if another run prepares it just now.
    """
    if fcntl is None:
        yield  # type: ignore[unreachable,unused-ignore]
        return
    with (folder / ".lock").open("w") as file:
        with suppress(OSError):  # a file system without locks: files are written atomically all the same
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
        yield


class TakenError(Exception):
    """Another process works at the cell; the message says which."""


@contextmanager
def cell_lock(folder: Path) -> Iterator[None]:
    """Be the only process that writes a cell's folder, on whatever machine.

    The lock is a file beside the folder with the owner's host and process number. The system holds it and drops it with
    the process, however that ends, so that a file which a dead owner left behind is taken over. On a file system without
    locks the file itself is the lock, and an owner on this host is asked whether it lives.

    Raises:
        TakenError: another process has it.
        OSError: the lock cannot be written.
    """
    path = lock_path(folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    file = _take(path)
    try:
        file.seek(0)
        file.truncate()
        file.write(json.dumps(_owner()))
        file.flush()
        yield
    finally:
        with suppress(OSError):  # gone with its folder
            path.unlink(missing_ok=True)
        file.close()


def lock_path(folder: Path) -> Path:
    """Where the lock of a cell's folder lies."""
    return folder.with_name(f".{folder.name}.lock")


def is_locked(folder: Path) -> bool:
    """Whether another process works at the cell just now."""
    path = lock_path(folder)
    try:
        with path.open("r+") as file:
            return _other_owner(file) is not None
    except OSError:  # not there
        return False


def forget_owner(folder: Path, host: str) -> None:
    """Remove the lock of a cell's folder where its owner's host is known to be lost, and nobody holds it.

    Where the system holds locks, it has dropped this one; on a file system without locks the file itself would stay one.
    """
    path = lock_path(folder)
    with suppress(OSError), path.open("r+") as file:
        if _read(file).get("host") == host and _unheld(file):
            path.unlink()


def _unheld(file: IO[str]) -> bool:
    """Whether the system knows of nobody who holds the lock."""
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            return error.errno in WITHOUT_LOCKS
    return True


def _take(path: Path) -> IO[str]:
    while True:
        file = path.open("a+")
        owner = _other_owner(file)
        # The owner before removes its file as it leaves: one that was opened in that moment locks nobody out.
        if owner is None and path.exists() and os.fstat(file.fileno()).st_ino == path.stat().st_ino:
            return file
        file.close()
        if owner is not None:
            raise TakenError(owner)


def _other_owner(file: IO[str]) -> str | None:
    """Who holds the lock, in words; None if this process does now."""
    if fcntl is not None:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _words(_read(file))
        except OSError as error:
            if error.errno not in WITHOUT_LOCKS:
                raise
        else:
            return None
    owner = _read(file)
    return _words(owner) if owner and _lives(owner) else None


def _owner() -> dict[str, Any]:
    process = psutil.Process()
    return {"host": socket.gethostname(), "pid": process.pid, "started": process.create_time()}


def _read(file: IO[str]) -> dict[str, Any]:
    file.seek(0)
    with suppress(ValueError, RecursionError):
        content = json.loads(file.read(1000))
        if isinstance(content, dict):
            return content
    return {}


def _words(owner: dict[str, Any]) -> str:
    return f"process {owner.get('pid', 'unknown')} on {owner.get('host', 'an unknown host')}"


def _lives(owner: dict[str, Any]) -> bool:
    """Whether an owner may still be at work; one on another host cannot be asked."""
    if owner.get("host") != socket.gethostname():
        return True
    try:
        return bool(abs(psutil.Process(int(owner["pid"])).create_time() - float(owner["started"])) < 1.0)
    except (psutil.Error, KeyError, TypeError, ValueError):
        return False
