"""Two folders of images that belong to two domains and are not paired: horses here, zebras there."""

import contextlib
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gan_losses.data.base import DataSet, Request, Split
from gan_losses.data.digest import pixel_digest
from gan_losses.data.folder import find_images, printable, require_enough, split_by_content
from gan_losses.data.pictures import SUFFIXES, Picture, UnreadableError, read_pictures
from gan_losses.errors import UsageError

FEWEST = 10
FEWEST_TEST = 2
LAYOUT = ("trainA", "trainB", "testA", "testB")

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


def load_unpaired(request: Request) -> DataSet:
    """The images of two domains `a` and `b`, as many of each as there are: uint8 (Na, C, size, size) and (Nb, …).

    The argument is one of

    - a folder with the subfolders trainA, trainB, testA and testB: they are trained and tested on as they are, and
      validation images are split off from the training folders, see `split_validation`;
    - a folder with exactly two subfolders of any names, in alphabetical order `a` and `b`;
    - two folders `FOLDER_A,FOLDER_B`.

    In the last two cases each folder is split by `split_by_content`. Hidden folders are passed over, and so are images
    that lie beside the subfolders. C is 1 if every image of both domains is grey, else 3.

    Args:
        request: its argument as above, `~` stands for the home folder; with `bad_images` "stop" the first file that
            cannot be read raises, with "skip" such files are left out and listed in `DataSet.skipped`.

    Raises:
        UsageError: if a folder is missing, is a file, cannot be listed, has none of these layouts or no image files, if
            a file cannot be read (with "stop"), or if a folder has too few different images.
    """
    return load_folders(f"unpaired:{request.argument}", _find_folders(request.argument), request)


def load_folders(name: str, folders: Mapping[str, Domain], request: Request) -> DataSet:
    """The data set `name` of the domains in `folders`; the request's argument is not looked at.

    Args:
        name: what the data set is called.
        folders: domain -> where its images lie.
        request: sizes, what bad files do, and whom to tell if test images are copies of training images.

    Raises:
        UsageError: as `load_unpaired`.
    """
    bad = _BadFiles(request.bad_images, [])
    domains = {domain: _read_domain(where, request, bad) for domain, where in folders.items()}
    everything = (picture for parts in domains.values() for part in parts for picture in part)
    channels = 1 if all(picture.is_grey for picture in everything) else 3
    splits = [
        Split({domain: _stack(parts[number], channels) for domain, parts in domains.items()}) for number in range(3)
    ]
    train, validation, test = splits
    return DataSet(name, train, validation, test, digest=pixel_digest(splits), skipped=tuple(sorted(bad.skipped)))


def find_layout(root: Path) -> dict[str, Domain]:
    """The domains `a` and `b` below a folder: trainA, trainB, testA and testB, or any two subfolders.

    Folders beside trainA … testB are passed over. trainA and trainB alone are taken as any two subfolders.

    Raises:
        UsageError: if neither layout is there; it says which subfolders are.
    """
    found = _subfolders(root)
    missing = [name for name in LAYOUT if name not in found]
    if not missing:
        return {side.lower(): Domain(root / f"train{side}", root / f"test{side}") for side in "AB"}
    one_sided = len(missing) < len(LAYOUT) and found != ["trainA", "trainB"]
    if one_sided:  # testA and trainA are two subfolders as well, but nobody means them as the two domains
        present = ", ".join(name for name in LAYOUT if name in found)
        raise UsageError(f"{printable(root)!r} has {present} but no {', '.join(missing)}: all four are needed.")
    if len(found) != 2:
        expected = f"expected {', '.join(LAYOUT)}, or exactly two of any names, one per domain"
        raise UsageError(f"{printable(root)!r} has {_listing(found)}: {expected}.")
    return {domain: Domain(root / name) for domain, name in zip("ab", found, strict=True)}


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
class _BadFiles:
    """What happens to files that cannot be read: a stop, or an entry in a list."""

    policy: str
    skipped: list[str]

    def note(self, folder: Path, path: Path, reason: UnreadableError) -> None:
        if self.policy != "skip":
            raise UsageError(f"cannot read {printable(path)!r} ({reason}): mend or remove it, or skip bad images.")
        self.skipped.append(printable(path.relative_to(folder.parent)))  # with the folder's name: there are several


def _find_folders(argument: str) -> dict[str, Domain]:
    whole = _expanded(argument)
    parts = argument.split(",")
    if whole.exists() or len(parts) != 2:
        return find_layout(_existing(argument))
    first, second = (_existing(part) for part in parts)
    if first.samefile(second):
        raise UsageError(f"both domains are {printable(first)!r}: name two different folders.")
    return {"a": Domain(first), "b": Domain(second)}


def _expanded(folder: str) -> Path:
    root = Path(folder)
    with contextlib.suppress(RuntimeError):  # ~nobody: then the folder of that very name is meant
        root = root.expanduser()
    return root


def _existing(folder: str) -> Path:
    root = _expanded(folder)
    if not folder or not root.exists():  # Path("") would be the working folder
        shown = printable(root) if folder else ""
        raise UsageError(f"no folder {shown!r}: check the path of unpaired:FOLDER or unpaired:FOLDER_A,FOLDER_B.")
    if not root.is_dir():
        raise UsageError(f"{printable(root)!r} is a file: name the folder that holds the images.")
    return root


def _subfolders(root: Path) -> list[str]:
    try:
        return sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:
        raise UsageError(
            f"cannot list {printable(root)!r} ({error.strerror}): allow reading it or move it away."
        ) from None


def _listing(names: list[str]) -> str:
    if not names:
        return "no subfolders"
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    noun = "subfolder" if len(names) == 1 else "subfolders"
    return f"the {noun} {', '.join(printable(Path(name)) for name in names[:5])}{more}"


def _read_domain(where: Domain, request: Request, bad: _BadFiles) -> list[list[Picture]]:
    """Training, validation and test pictures."""
    train_size, size = request.train_size, request.image_size
    if where.test is None:
        return _read_folder(where.train, FEWEST, split_by_content, (train_size, size, size), bad)
    train, validation = _read_folder(where.train, FEWEST, split_validation, (train_size, size), bad)
    [test] = _read_folder(where.test, FEWEST_TEST, _in_order_of_content, (size,), bad)
    _tell_copies(where.test, [*train, *validation], test, request.say)
    return [train, validation, test]


def _in_order_of_content(digests: list[str]) -> list[list[int]]:
    return [sorted(range(len(digests)), key=lambda row: digests[row])]


def _tell_copies(folder: Path, seen: list[Picture], test: list[Picture], say: Callable[[str], None]) -> None:
    known = {picture.digest for picture in seen}
    copies = sum(picture.digest in known for picture in test)
    if copies:  # told and not mended: the authors of the set, and everyone's numbers on it, split it so
        say(f"beware: {copies} of {len(test)} images in {printable(folder)!r} are copies of images to train on.")


def _read_folder(
    folder: Path, fewest: int, split: Splitter, sizes: Sequence[int], bad: _BadFiles
) -> list[list[Picture]]:
    """The pictures of each part that `split` makes, in its size.

    A file is decoded once, in the size of its part. Only if some turn out to be bad is the rest split anew, as if those
    had never been there, and what came to another part is read again.
    """
    digests, unreadable = _hash_all(folder, bad)
    pictures: dict[tuple[Path, int], Picture] = {}
    while True:
        require_enough(folder, digests.values(), unreadable, fewest)
        paths = list(digests)
        groups = [[paths[row] for row in rows] for rows in split(list(digests.values()))]
        damaged = [
            path
            for group, size in zip(groups, sizes, strict=True)
            for path in _read_group(folder, group, size, bad, pictures)
        ]
        if not damaged:
            return [[pictures[path, size] for path in group] for group, size in zip(groups, sizes, strict=True)]
        unreadable += len(damaged)
        for path in damaged:
            del digests[path]


def _read_group(
    folder: Path, paths: list[Path], size: int, bad: _BadFiles, pictures: dict[tuple[Path, int], Picture]
) -> list[Path]:
    """Add the pictures of `paths` to `pictures`; the paths that there is none for."""
    unread = [path for path in paths if (path, size) not in pictures]
    damaged = []
    with contextlib.closing(read_pictures(unread, size)) as results:
        for path, result in zip(unread, results, strict=True):
            if isinstance(result, Picture):
                pictures[path, size] = result
            else:
                bad.note(folder, path, result)
                damaged.append(path)
    return damaged


def _hash_all(folder: Path, bad: _BadFiles) -> tuple[dict[Path, str], int]:
    """sha256 of every image file's bytes, and the number of those that could not be read."""
    paths = sorted(find_images(folder), key=lambda path: path.relative_to(folder).parts)
    if not paths:
        raise UsageError(f"no images in {printable(folder)!r}: expected files ending in {', '.join(sorted(SUFFIXES))}.")
    digests = {}
    for path in paths:
        digest = _hash(path)
        if isinstance(digest, str):
            digests[path] = digest
        else:
            bad.note(folder, path, digest)
    return digests, len(paths) - len(digests)


def _hash(path: Path) -> str | UnreadableError:
    try:
        if not path.is_file():
            return UnreadableError("not a regular file")  # a pipe would block for ever
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        return UnreadableError(error.strerror)


def _stack(pictures: list[Picture], channels: int) -> Tensor:
    return torch.from_numpy(np.stack([picture.pixels[:channels] for picture in pictures]))
