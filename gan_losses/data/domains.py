"""Folders of images read as domains: each with a training folder, and perhaps a test folder of its own."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gan_losses.data.base import DataSet, Request
from gan_losses.data.cache import Material, fingerprint, in_memory
from gan_losses.data.draft import SPLITS, Draft, Kept, Pile, stacked
from gan_losses.data.folder import listed, named_images, printable, require_enough, split_by_content
from gan_losses.data.pictures import SUFFIXES, Picture, UnreadableError, hash_file, read_pictures
from gan_losses.errors import UsageError

FEWEST = 10
FEWEST_TEST = 2

Splitter = Callable[[list[str]], Sequence[list[int]]]


@dataclass(frozen=True)
class Domain:
    """Where the images of one domain lie.

    Attributes:
        train: the folder that training and validation images are taken from.
        test: the folder of the test images; None where they are split off from `train` too.
    """

    train: Path
    test: Path | None = None


def load_folders(name: str, folders: Mapping[str, Domain], request: Request) -> DataSet:
    """The data set `name` of the domains in `folders`; the request's argument is not looked at.

    Args:
        name: what the data set is called.
        folders: domain -> where its images lie.
        request: sizes, what bad files do, and whom to tell if test images are copies of training images.

    Raises:
        UsageError: if a folder cannot be listed or has no image files, if a file cannot be read (with "stop"), or if a
            folder has too few different images.
    """
    return in_memory(find_folders(name, folders, request), request.say)


def find_folders(name: str, folders: Mapping[str, Domain], request: Request) -> Material:
    """The files of `load_folders`, and how they are decoded.

    Raises:
        UsageError: if a folder cannot be listed; decoding raises the others.
    """
    parts = {
        f"{domain}/{part}": folder
        for domain, where in folders.items()
        for part, folder in (("train", where.train), ("test", where.test))
        if folder is not None
    }
    files = ((f"{part}/{file}", path) for part, folder in parts.items() for file, path in named_images(folder))
    return Material(name, fingerprint(files), lambda scratch: _draft(name, folders, request, scratch))


def split_validation(digests: list[str]) -> tuple[list[int], list[int]]:
    """Row numbers for training and validation, by the rank of the files' hashes.

    With n different contents, validation gets max(2, round(0.15 n)) of them, those of the highest hashes. As with
    `split_by_content`, names do not matter and files of equal bytes stay together.

    Args:
        digests: hexadecimal hash of each file's bytes.

    Example:
        >>> split_validation([f"{number:02x}" for number in range(10)])
        ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])
    """
    different = sorted(set(digests))
    validation = set(different[-max(2, round(0.15 * len(different))) :])
    order = sorted(range(len(digests)), key=lambda row: digests[row])
    return (
        [row for row in order if digests[row] not in validation],
        [row for row in order if digests[row] in validation],
    )


@dataclass(frozen=True)
class _Reading:
    """What is known while a data set is read.

    Attributes:
        policy: what happens to files that cannot be read: "stop", or "skip" for an entry in a list.
        piles: size in pixels -> where decoded pictures are laid.
        skipped: files that were left out.
        remarks: what the user is to be told.
    """

    policy: str
    piles: Mapping[int, Pile]
    skipped: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def note(self, folder: Path, path: Path, reason: UnreadableError) -> None:
        if self.policy != "skip":
            raise UsageError(f"cannot read {printable(path)!r} ({reason}): mend or remove it, or skip bad images.")
        self.skipped.append(listed(path.relative_to(folder.parent)))  # with the folder's name: there are several


def _draft(name: str, folders: Mapping[str, Domain], request: Request, scratch: Path | None) -> Draft:
    sizes = {request.image_size, request.train_size}
    reading = _Reading(request.bad_images, {size: Pile(scratch / f"{size}" if scratch else None) for size in sizes})
    domains = {domain: _read_domain(where, request, reading) for domain, where in folders.items()}
    everything = (picture for parts in domains.values() for part in parts for picture in part)
    channels = 1 if all(picture.is_grey for picture in everything) else 3
    images = {
        part: {domain: stacked(parts[number], channels) for domain, parts in domains.items()}
        for number, part in enumerate(SPLITS)
    }
    return Draft(name, images, skipped=sorted(reading.skipped), remarks=reading.remarks)


def _read_domain(where: Domain, request: Request, reading: _Reading) -> list[list[Kept]]:
    """Training, validation and test pictures."""
    train_size, size = request.train_size, request.image_size
    if where.test is None:
        return _read_folder(where.train, FEWEST, split_by_content, (train_size, size, size), reading)
    train, validation = _read_folder(where.train, FEWEST, split_validation, (train_size, size), reading)
    [test] = _read_folder(where.test, FEWEST_TEST, _in_order_of_content, (size,), reading)
    reading.remarks.extend(_copies(where.test, [*train, *validation], test))
    return [train, validation, test]


def _in_order_of_content(digests: list[str]) -> list[list[int]]:
    return [sorted(range(len(digests)), key=lambda row: digests[row])]


def _copies(folder: Path, seen: list[Kept], test: list[Kept]) -> list[str]:
    """A line if some images occur twice. It is told and not mended: the authors of the set, and everyone's numbers on
    it, split it so.
    """
    known = {picture.digest for picture in seen}
    copies = sum(picture.digest in known for picture in test)
    if not copies:
        return []
    return [f"beware: {copies} of {len(test)} images in {printable(folder)!r} are copies of images to train on."]


def _read_folder(
    folder: Path, fewest: int, split: Splitter, sizes: Sequence[int], reading: _Reading
) -> list[list[Kept]]:
    """The pictures of each part that `split` makes, in its size.

    A file is decoded once, in the size of its part. Only if some turn out to be bad is the rest split anew, as if those
    had never been there, and what came to another part is read again.
    """
    digests, unreadable = _hash_all(folder, reading)
    pictures: dict[tuple[Path, int], Kept] = {}
    while True:
        require_enough(folder, digests.values(), unreadable, fewest)
        paths = list(digests)
        groups = [[paths[row] for row in rows] for rows in split(list(digests.values()))]
        damaged = [
            path
            for group, size in zip(groups, sizes, strict=True)
            for path in _read_group(folder, group, size, reading, pictures)
        ]
        if not damaged:
            return [[pictures[path, size] for path in group] for group, size in zip(groups, sizes, strict=True)]
        unreadable += len(damaged)
        for path in damaged:
            del digests[path]


def _read_group(
    folder: Path, paths: list[Path], size: int, reading: _Reading, pictures: dict[tuple[Path, int], Kept]
) -> list[Path]:
    """Add the pictures of `paths` to `pictures`; the paths that there is none for."""
    unread = [path for path in paths if (path, size) not in pictures]
    damaged = []
    with contextlib.closing(read_pictures(unread, size)) as results:
        for path, result in zip(unread, results, strict=True):
            if isinstance(result, Picture):
                pictures[path, size] = reading.piles[size].keep(result)
            else:
                reading.note(folder, path, result)
                damaged.append(path)
    return damaged


def _hash_all(folder: Path, reading: _Reading) -> tuple[dict[Path, str], int]:
    """sha256 of every image file's bytes, and the number of those that could not be read."""
    paths = [path for _, path in named_images(folder)]
    if not paths:
        raise UsageError(f"no images in {printable(folder)!r}: expected files ending in {', '.join(sorted(SUFFIXES))}.")
    digests = {}
    for path in paths:
        digest = hash_file(path)
        if isinstance(digest, str):
            digests[path] = digest
        else:
            reading.note(folder, path, digest)
    return digests, len(paths) - len(digests)
