"""What lies in a cell's folder beside what the training writes: its status, leftovers, digests. Standard library only."""

import hashlib
import shutil
from pathlib import Path

from benchmarks import records

ASIDE = ".damaged-"
CHECKPOINTS = "checkpoints"
TENSORBOARD = "tensorboard"  # in a run's folder, not in a cell's; it holds folders with the names of the cells'
TRACEBACK = "traceback.txt"


def status(folder: Path) -> str | None:
    """What the record says; None if there is none, or a damaged one, which is set aside.

    Raises:
        RecordError: it is of a newer schema, or cannot be read.
    """
    path = folder / records.RECORD
    if not path.exists():
        return None
    try:
        return str(records.read_json(path, "status")["status"])
    except records.DamagedError:
        records.set_aside(path)
        return None


def clear(folder: Path) -> None:
    """Empty the folder; what was set aside stays."""
    for path in folder.iterdir():
        if path.is_dir() and any(ASIDE in inner.name for inner in path.rglob("*")):
            clear(path)
        elif path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif ASIDE not in path.name and path.name != TRACEBACK:  # which this attempt writes
            path.unlink()


def tidy(folder: Path) -> None:
    """Remove what an attempt that did not end has left, and the training does not write over."""
    for place in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
        records.sweep(place)


def drop_checkpoints(folder: Path) -> None:
    """Remove the checkpoints of a cell that has its record; what was set aside stays."""
    kept = folder / CHECKPOINTS
    if kept.is_dir():
        clear(kept)
        if not any(kept.iterdir()):
            kept.rmdir()


def written(folder: Path) -> list[Path]:
    """All files that were written of the cell but its record, in a fixed order: no hidden ones, checkpoints or damaged ones."""
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return [path for path in paths if _counts(path.relative_to(folder))]


def digests(folder: Path) -> dict[str, str]:
    """The sha256 of each of these files by its name in the folder."""
    found = {}
    for path in written(folder):
        with path.open("rb") as file:
            found[path.relative_to(folder).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


def _counts(path: Path) -> bool:
    if path.parts[0] in (records.RECORD, CHECKPOINTS):
        return False
    return not any(part.startswith(".") or ASIDE in part for part in path.parts)
