"""A job's folder on a node: there while it runs, gone with it, or with the next one where it was killed. Standard library only."""

import fcntl
import multiprocessing.util
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO

SCRATCH, LOCK = "gan-losses-ray", ".lock"
_HELD: dict[str, IO[str]] = {}  # job -> its lock, which this process keeps to its end


def scratch(job: str) -> Path:
    """The job's folder on this machine; what jobs that are gone have left there is removed.

    Raises:
        OSError: it cannot be made, or is not this user's own.
    """
    base = _base()
    base.mkdir(mode=0o700, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.getuid():
        raise PermissionError(f"{base} is not this user's own folder")
    if job not in _HELD:
        _HELD[job] = (base / f"{job}{LOCK}").open("a")
        fcntl.flock(_HELD[job], fcntl.LOCK_SH)
        for path in base.glob(f"*{LOCK}"):
            _sweep_if_gone(path)
    folder = base / job
    folder.mkdir(exist_ok=True)
    return folder


def _base() -> Path:
    return Path(tempfile.gettempdir()) / f"{SCRATCH}-{os.getuid()}"


def settle_in(folder: Path) -> None:
    """Have the sockets of this process's children in the job's folder: Ray kills the process, which leaves any other behind."""
    before, tempfile.tempdir = tempfile.tempdir, str(folder)
    try:
        multiprocessing.util.get_temp_dir()
    finally:
        tempfile.tempdir = before


def _sweep_if_gone(lock: Path) -> None:
    """Remove what is left of a job of which no process lives on this machine."""
    with suppress(OSError), lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sweep(lock.name.removesuffix(LOCK))


def sweep(job: str) -> None:
    """Remove what a job has left on this machine, when nothing of it is at work any more."""
    shutil.rmtree(_base() / job, ignore_errors=True)
    (_base() / f"{job}{LOCK}").unlink(missing_ok=True)
