"""What a job brings to machines that do not see this one's disks: data sets, weights, the user's own code.

Loads no torch, as it is used on both sides.
"""

import hashlib
import os
import sys
import sysconfig
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks import records
from benchmarks.events import Work

FACTS = "facts.json"  # of a stored data set: it has the sha256 of every other file
PROGRAM = Path(__file__).resolve().parents[2]
Fetch = Callable[[Any], Any]


@dataclass(frozen=True)
class Source:
    """A file of the user's own that cells import.

    Attributes:
        path: where it lies on the user's machine.
        root: the folder from which it is imported.
        content: of the file.
    """

    path: str
    root: str
    content: bytes

    @property
    def seen(self) -> bool:
        """Whether this machine has the very file."""
        try:
            return Path(self.path).read_bytes() == self.content
        except OSError:
            return False

    def here(self, folder: Path) -> tuple[Path, Path]:
        """Its path and its root under `folder`, where it is written if need be."""
        root = folder / hashlib.sha256(self.root.encode()).hexdigest()[:8]
        path = root / os.path.relpath(self.path, self.root)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            records.write_bytes(path, self.content)
        return path, root


@dataclass(frozen=True)
class OwnCode:
    """The user's own code.

    Attributes:
        places: files as they are spelled in cells' settings -> their paths on the user's machine.
        sources: those files, and all modules of the user's that were imported with them.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()

    def settle(self, work: Work, folder: Path) -> Work:
        """The work with everything where this machine has it: in its place if it is seen there, else under `folder`."""
        if all(source.seen for source in self.sources):
            roots = dict.fromkeys(source.root for source in self.sources)
            return replace(work, moved=dict(self.places), roots=tuple(roots))
        here = {source.path: source.here(folder) for source in self.sources}
        moved = {place: str(here[path][0]) for place, path in self.places.items()}
        return replace(work, moved=moved, roots=tuple(dict.fromkeys(str(root) for _, root in here.values())))


def own_code(places: Iterable[str]) -> OwnCode:
    """What has to travel so that these places can be imported elsewhere: they are imported here already.

    Args:
        places: files as spelled, and modules by name, of losses and features that are the user's own.
    """
    files = {place: os.path.realpath(place) for place in places if place.endswith(".py")}
    sources = {path: Source(path, str(Path(path).parent), Path(path).read_bytes()) for path in files.values()}
    roots = {source.root for source in sources.values()} | set(_roots(place for place in places if place not in files))
    for root in sorted(roots, key=len, reverse=True):
        for path in _imported_from(root):
            sources.setdefault(path, Source(path, root, Path(path).read_bytes()))
    return OwnCode(files, tuple(sources.values()))


def _roots(modules: Iterable[str]) -> Iterator[str]:
    """The folders from which modules of the user's own are imported; what is installed has to be on every machine."""
    for name in modules:
        file = _file(sys.modules.get(name))
        if file is not None and not _installed(file):
            depth = len(name.split(".")) + (Path(file).name == "__init__.py")
            yield str(Path(file).parents[depth - 1])


def _imported_from(root: str) -> Iterator[str]:
    for module in list(sys.modules.values()):
        file = _file(module)
        if file is not None and Path(root) in Path(file).parents and not _installed(file):
            yield file


def _file(module: ModuleType | None) -> str | None:
    file = getattr(module, "__file__", None)
    return os.path.realpath(file) if isinstance(file, str) and file.endswith(".py") and Path(file).is_file() else None


def _installed(file: str) -> bool:
    places = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    ours = {str(PROGRAM / name) for name in ("gan_losses", "benchmarks")}  # which travel by themselves
    return any(Path(place) in Path(file).parents for place in places | ours)


@dataclass(frozen=True)
class Stored:
    """A folder of large files, a data set's.

    Attributes:
        path: where it lies on the user's machine.
        facts: the content of its `FACTS`.
        sizes: name -> bytes, of its other files.
        files: name -> what fetches the content; {} until it is packed.
    """

    path: str
    facts: bytes
    sizes: Mapping[str, int]
    files: Mapping[str, Any] = field(default_factory=dict)

    def seen(self, folder: Path) -> bool:
        """Whether `folder` holds it. Files are not read again: the facts have their hashes, and were written last."""
        try:
            sizes = {name: (folder / name).stat().st_size for name in self.sizes}
            return (folder / FACTS).read_bytes() == self.facts and sizes == self.sizes
        except OSError:
            return False

    def packed(self, put: Callable[[Path], Any]) -> "Stored":
        """With its files."""
        return replace(self, files={name: put(Path(self.path) / name) for name in self.sizes})

    def here(self, folder: Path, fetch: Fetch) -> Path | None:
        """Where this machine has it: in its place or under `folder`; None where it is neither seen nor packed."""
        if self.seen(Path(self.path)):
            return Path(self.path)
        place = folder / hashlib.sha256(self.facts).hexdigest()[:16]
        if not self.seen(place):
            if len(self.files) < len(self.sizes):
                return None
            place.mkdir(parents=True, exist_ok=True)
            for name, reference in self.files.items():
                records.write_bytes(place / name, fetch(reference))
            records.write_bytes(place / FACTS, self.facts)
        return place


def stored(path: Path) -> Stored:
    """A data set's folder, not packed yet."""
    sizes = {file.name: file.stat().st_size for file in sorted(path.glob("*.npy"))}
    return Stored(str(path.resolve()), (path / FACTS).read_bytes(), sizes)


@dataclass(frozen=True)
class Luggage:
    """Everything that a cell needs beside its settings.

    Attributes:
        stores: name of the data set -> its folder.
        weights: a file of the features' weights: its name, and what fetches its content; None where the features ship
            with the program, or each machine has its own.
        packed: whether all of it is there to be fetched.
    """

    stores: Mapping[str, Stored]
    weights: tuple[str, Any] | None = None
    packed: bool = False

    def settle(self, work: Work, name: str, folder: Path, fetch: Fetch) -> Work | None:
        """The work with the paths of this machine; None where something is neither seen nor packed.

        Args:
            work: with the user's paths.
            name: of the data set that is needed.
            folder: for what is fetched.
            fetch: gives the content of what was packed.
        """
        store = self.stores[name].here(folder / "data", fetch)
        place = self._place(work.place, folder, fetch)
        if store is None or place is None:
            return None
        return replace(work, stores={name: store}, place=place)

    def _place(self, place: Mapping[str, Any], folder: Path, fetch: Fetch) -> Mapping[str, Any] | None:
        root = place.get("root")
        if root is not None and not Path(root).is_dir():
            root = folder / "cache"
        weights = place.get("weights")
        if weights is not None and not Path(weights).is_file():
            if self.weights is None or not self.packed:
                return None
            name, reference = self.weights
            weights = folder / name
            if not weights.exists():
                records.write_bytes(weights, fetch(reference))
        return {**place, "root": root, "weights": weights}
