"""A data set that is described but not decoded: its images come piece by piece, so that it need not fit into memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from gan_losses.data.base import DataSet, Split
from gan_losses.data.digest import PIECE, pixel_digest
from gan_losses.data.pictures import Picture

SPLITS = ("train", "validation", "test")

Pixels = NDArray[np.uint8]
Pieces = Callable[[], Iterator[Pixels]]


@dataclass(frozen=True)
class Draft:
    """What a cache is written from.

    Attributes:
        name: as `DataSet.name`.
        images: split -> domain -> its images, uint8 (n, C, H, W) at a time; asked for once, in the order of `SPLITS`.
        labels: split -> int64 (N,), empty where the set has no classes.
        classes: as `DataSet.classes`.
        skipped: as `DataSet.skipped`; complete when all images have come.
        remarks: lines that the user is told whenever the set is loaded.
    """

    name: str
    images: Mapping[str, Mapping[str, Pieces]]
    labels: Mapping[str, NDArray[np.int64]] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    skipped: Sequence[str] = ()
    remarks: Sequence[str] = ()

    def in_memory(self) -> DataSet:
        """Everything decoded at once."""
        parts = [
            Split(
                {domain: torch.from_numpy(np.concatenate([*pieces()])) for domain, pieces in self.images[name].items()},
                torch.from_numpy(self.labels[name]) if name in self.labels else None,
            )
            for name in SPLITS
        ]
        train, validation, test = parts
        digest, skipped = pixel_digest(parts), tuple(self.skipped)
        return DataSet(self.name, train, validation, test, self.classes, digest=digest, skipped=skipped)


@dataclass(frozen=True)
class Kept:
    """A picture whose pixels lie in a `Pile`.

    Attributes:
        digest: sha256 of the file's bytes in hexadecimal.
        is_grey: whether red, green and blue are the same everywhere.
        read: gives the pixels, uint8 (3, image_size, image_size).
    """

    digest: str
    is_grey: bool
    read: Callable[[], Pixels]


class Pile:
    """Decoded pictures in a scratch file, or in memory where there is no place for one.

    Which channels are written, and in which order, is known only when all pictures were seen.

    Args:
        folder: for the scratch file; the caller removes it. None keeps the pictures in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / "pile" if folder else None
        self._bytes = 0
        self._mapped: Pixels | None = None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)

    def keep(self, picture: Picture) -> Kept:
        """Lay a picture on the pile."""
        if self._path is None:
            return Kept(picture.digest, picture.is_grey, lambda: picture.pixels)
        start, shape = self._bytes, picture.pixels.shape
        with self._path.open("ab") as stream:  # written and not mapped: a full disk has to raise an error
            self._bytes += stream.write(picture.pixels.tobytes())
        return Kept(picture.digest, picture.is_grey, lambda: self._span(start, self._size(shape)).reshape(shape))

    @staticmethod
    def _size(shape: tuple[int, ...]) -> int:
        return int(np.prod(shape))

    def _span(self, start: int, size: int) -> Pixels:
        if self._mapped is None or len(self._mapped) < self._bytes:
            assert self._path is not None
            self._mapped = np.memmap(self._path, np.uint8, "r")
        return self._mapped[start : start + size]


def stacked(pictures: Sequence[Kept], channels: int) -> Pieces:
    """The first `channels` channels of `pictures`, in their order."""

    def pieces() -> Iterator[Pixels]:
        for first in range(0, len(pictures), PIECE):
            yield np.stack([picture.read()[:channels] for picture in pictures[first : first + PIECE]])

    return pieces
