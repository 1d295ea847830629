"""What a cell has written, on its way between machines that share no disk. Standard library only."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import records
from benchmarks.cell_folder import ASIDE, CHECKPOINTS

Mark = tuple[int, int]


@dataclass(frozen=True)
class Parcel:
    """Files of a cell's folder.

    Attributes:
        names: of all files that are there now, also of those that were sent before.
        files: name in the folder -> content, of those that are new or changed.
    """

    names: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)


class Outgoing:
    """Packs what is new in a cell's folder since the last parcel.

    Args:
        folder: the cell's.
        sent: what is known on the other side from the start, with the marks of `marks`.
    """

    def __init__(self, folder: Path, sent: Mapping[str, Mark] | None = None) -> None:
        self.folder, self._sent = folder, dict(sent or {})
        self._checkpoints = {name for name in self._sent if is_checkpoint(name)}

    def due(self) -> bool:
        """Whether there is a checkpoint that has not been sent: with what is beside it, a training can go on from it."""
        return not {name for name in marks(self.folder) if is_checkpoint(name)} <= self._checkpoints

    def parcel(self) -> Parcel:
        """All that is new; checkpoints are read first, so that the rest is at least as new as they are."""
        found = marks(self.folder)
        files: dict[str, bytes] = {}
        for name in sorted(found, key=lambda name: not is_checkpoint(name)):
            if self._sent.get(name) != found[name]:
                try:
                    files[name] = (self.folder / name).read_bytes()
                except OSError:  # replaced or removed in this moment
                    found.pop(name)
        self._sent = found
        self._checkpoints = {name for name in found if is_checkpoint(name)}
        return Parcel(tuple(found), files)


def is_checkpoint(name: str) -> bool:
    """Whether the name in a cell's folder is of a checkpoint."""
    return name.startswith(f"{CHECKPOINTS}/")


def marks(folder: Path) -> dict[str, Mark]:
    """Name in the folder -> what changes with its content, of all files but temporary ones."""
    found = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
        name = path.relative_to(folder).as_posix()
        if not any(part.startswith(".") for part in name.split("/")):
            try:
                status = os.lstat(path)
            except OSError:
                continue
            if path.is_file() and not path.is_symlink():
                found[name] = (status.st_mtime_ns, status.st_size)
    return found


def pack(folder: Path) -> Parcel:
    """Everything in a cell's folder, for a training that goes on elsewhere; nothing if there is no checkpoint to go on from."""
    if not any(map(is_checkpoint, marks(folder))):
        return Parcel()
    return Outgoing(folder).parcel()


def unpack(parcel: Parcel, folder: Path) -> None:
    """Write a parcel into a cell's folder, each file atomically: the record last, as it says that all is there.

    What is not there any more on the other side is removed; what was set aside as damaged stays.

    Raises:
        OSError: it cannot be written.
        ValueError: a name leads out of the folder.
    """
    for name in (*parcel.names, *parcel.files):
        if name.startswith("/") or ".." in name.split("/"):
            raise ValueError(f"{name!r} is no name in a cell's folder")
    folder.mkdir(parents=True, exist_ok=True)
    # A checkpoint after what is beside it: where one is, all that a training needs to go on is there.
    for name in sorted(parcel.files, key=lambda name: (name == records.RECORD, is_checkpoint(name))):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        records.write_bytes(path, parcel.files[name])
    for name in marks(folder):
        if name not in parcel.names and ASIDE not in name:
            (folder / name).unlink(missing_ok=True)
    _drop_empty(folder)


def _drop_empty(folder: Path) -> None:
    for path in sorted((path for path in folder.rglob("*") if path.is_dir()), reverse=True):
        if not any(path.iterdir()):
            path.rmdir()
