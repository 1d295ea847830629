"""A user's own images: any folder, any common file type, one square tensor."""

import contextlib
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NoReturn

from gan_losses.data.base import DataSet, Request
from gan_losses.data.cache import Material, fingerprint, in_memory
from gan_losses.data.draft import SPLITS, Draft, Kept, Pile, stacked
from gan_losses.data.pictures import SUFFIXES, Picture, read_pictures
from gan_losses.errors import UsageError

FEWEST = 10


def load_folder(request: Request) -> DataSet:
    """All images below a folder as one domain `image`: uint8 (N, C, size, size).

    Files are found recursively, hidden ones left out, and read as `read_pictures` says. C is 1 if every image is grey
    (its three channels equal), else 3. The split looks at the files' contents alone, see `split_by_content`.

    Args:
        request: its argument is the folder, `~` stands for the home folder; with `bad_images` "stop" the first file that
            cannot be read raises, with "skip" such files are left out and listed in `DataSet.skipped`.

    Raises:
        UsageError: if the folder is missing, is a file, cannot be listed or has no image files, if a file cannot be
            read (with "stop"), or if fewer than 10 different images are left.
    """
    return in_memory(find_folder(request), request.say)


def find_folder(request: Request) -> Material:
    """The files of `load_folder`, and how they are decoded.

    Raises:
        UsageError: if the folder is missing, is a file or cannot be listed; decoding raises the others.
    """
    root, name = existing(request.argument, "images:FOLDER"), f"images:{request.argument}"
    return Material(name, fingerprint(named_images(root)), lambda scratch: _draft(name, root, request, scratch))


def find_images(root: Path) -> Iterator[Path]:
    """Every file below `root` with an image's suffix; no hidden ones, links followed, each folder once.

    A subfolder that holds the output of a run (`run.json`) is passed over: its samples would become training images.
    """

    def refuse(error: OSError) -> NoReturn:
        raise UsageError(f"cannot list {str(error.filename)!r} ({error.strerror}): allow reading it or move it away.")

    seen = set()
    for folder, folders, files in os.walk(root, followlinks=True, onerror=refuse):
        try:
            facts = Path(folder).stat()
        except OSError as error:  # it has gone meanwhile
            refuse(error)
        identity = (facts.st_dev, facts.st_ino)
        if identity in seen:  # a link back to a folder above, or a second way to the same one
            folders.clear()
            continue
        seen.add(identity)
        if Path(folder) != root and "run.json" in files:  # the output of a run: its pictures are no data
            folders.clear()
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        names = (name for name in files if not name.startswith("."))
        yield from (Path(folder, name) for name in names if Path(name).suffix.lower() in SUFFIXES)


def named_images(root: Path) -> list[tuple[str, Path]]:
    """Every image file below `root` with its name in there, in the order of the names' parts."""
    try:
        paths = sorted(find_images(root), key=lambda path: path.relative_to(root).parts)
    except RecursionError:  # Python 3.11 walks each level in a call of its own
        raise UsageError(
            f"the folders in {printable(root)!r} lie too deep in each other: move the images up."
        ) from None
    return [(path.relative_to(root).as_posix(), path) for path in paths]


def split_by_content(digests: list[str]) -> tuple[list[int], list[int], list[int]]:
    """Row numbers for training, validation and test, by the rank of the files' hashes.

    With n different contents, validation and test get max(2, round(0.15 n)) each, test the lowest hashes and validation
    the highest. Renaming changes nothing and a new image moves at most one other across each border. Files of equal
    bytes fall into the same part, so that nobody is tested on a copy of a training file; they count once in n. (The
    same picture saved twice in different ways is not noticed.)

    Args:
        digests: hexadecimal hash of each file's bytes.

    Example:
        >>> split_by_content([f"{number:02x}" for number in range(10)])
        ([2, 3, 4, 5, 6, 7], [8, 9], [0, 1])
    """
    different = sorted(set(digests))
    held_out = max(2, round(0.15 * len(different)))
    test, validation = set(different[:held_out]), set(different[-held_out:])
    order = sorted(range(len(digests)), key=lambda row: digests[row])
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for row in order:
        parts[1 if digests[row] in validation else 2 if digests[row] in test else 0].append(row)
    return parts


def require_enough(folder: Path, digests: Collection[str], unreadable: int, fewest: int) -> None:
    """Raise where a folder has fewer than `fewest` different images.

    Args:
        folder: that they were found in.
        digests: of the files' contents, one for each image.
        unreadable: files beside them that could not be read.
        fewest: different ones that are needed.

    Raises:
        UsageError: there are fewer.
    """
    different = len(set(digests))
    if different >= fewest:
        return
    copies = f", {different} of them different" if different < len(digests) else ""
    bad = f" ({unreadable} more could not be read)" if unreadable else ""
    found = f"{len(digests)} images found in {printable(folder)!r}{copies}{bad}"
    raise UsageError(f"{found}: add some, at least {fewest} different ones are needed.")


def printable(path: Path) -> str:
    """The path as text that any file can store, even if its name is no valid UTF-8.

    Example:
        >>> printable(Path("grey.png"))
        'grey.png'
    """
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def listed(path: Path) -> str:
    r"""As `printable`, on one line and without control characters, for lists that are shown as they are.

    Example:
        >>> listed(Path("two\nlines.png"))
        'two\\nlines.png'
    """
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in printable(path))


def expanded(folder: str) -> Path:
    """The path that a user wrote, with `~` for the home folder."""
    with contextlib.suppress(RuntimeError):  # ~nobody: then the folder of that very name is meant
        return Path(folder).expanduser()
    return Path(folder)


def existing(folder: str, form: str) -> Path:
    """The folder that a user wrote.

    Args:
        folder: "" is none.
        form: what was to be written, for the sentence: "images:FOLDER".

    Raises:
        UsageError: there is none, it cannot be looked at, or it is a file.
    """
    root = expanded(folder)
    try:
        there = bool(folder) and root.exists()  # Path("") would be the working folder
    except OSError as error:
        raise UsageError(f"cannot open {printable(root)!r} ({error.strerror}): check the path of {form}.") from None
    if not there:
        shown = printable(root) if folder else ""
        raise UsageError(f"no folder {shown!r}: check the path of {form}.")
    if not root.is_dir():
        raise UsageError(f"{printable(root)!r} is a file: name the folder that holds the images.")
    return root


def _draft(name: str, root: Path, request: Request, scratch: Path | None) -> Draft:
    """Training images in their own size, the others in theirs: the same pictures, read in one size or two."""
    size, larger_size = request.image_size, request.train_size
    pictures, skipped = _read_all(root, size, request.bad_images, scratch)
    require_enough(root, [picture.digest for picture in pictures], len(skipped), FEWEST)
    larger = pictures
    if larger_size != size:
        larger, _ = _read_all(root, larger_size, request.bad_images, scratch / "larger" if scratch else None)
    channels = 1 if all(picture.is_grey for picture in pictures) else 3
    groups = split_by_content([picture.digest for picture in pictures])
    images = {
        part: {"image": stacked([source[row] for row in rows], channels)}
        for part, source, rows in zip(SPLITS, (larger, pictures, pictures), groups, strict=True)
    }
    return Draft(name, images, skipped=skipped)


def _read_all(root: Path, size: int, bad_images: str, scratch: Path | None) -> tuple[list[Kept], list[str]]:
    paths = [path for _, path in named_images(root)]
    if not paths:
        raise UsageError(f"no images in {printable(root)!r}: expected files ending in {', '.join(sorted(SUFFIXES))}.")
    pile, pictures, skipped = Pile(scratch), [], []
    with contextlib.closing(read_pictures(paths, size)) as results:
        for path, result in zip(paths, results, strict=True):
            if isinstance(result, Picture):
                pictures.append(pile.keep(result))
            elif bad_images == "skip":
                skipped.append(listed(path.relative_to(root)))
            else:
                raise UsageError(f"cannot read {printable(path)!r} ({result}): mend or remove it, or skip bad images.")
    return pictures, skipped
