"""Where the well-known data sets are published, and how their files come to lie as torchvision's readers expect them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from gan_losses.data.archives import gunzip, untar
from gan_losses.data.base import Request
from gan_losses.data.fetch import fetch, human_size, is_held
from gan_losses.data.places import looking
from gan_losses.errors import UsageError

MIRROR = "GAN_LOSSES_MIRROR"  # environment variable: an address that has a folder for each set
SPARE = 64 << 20
MOST_FILES = 1000

Unpacker = Callable[[Path, Path, int], None]


@dataclass(frozen=True)
class Remote:
    """One published file.

    Attributes:
        url: where it is.
        size: its bytes.
        sha256: its hash.
        target: what is made of it, below the root: a file or a folder.
        unpack: (archive, target, bytes at most) -> makes the target; None where the file itself is the target.
    """

    url: str
    size: int
    sha256: str
    target: str
    unpack: Unpacker | None = None

    @property
    def file(self) -> str:
        """Its name."""
        return Path(urlsplit(self.url).path).name


@dataclass(frozen=True)
class Published:
    """A data set's files.

    Attributes:
        name: of the set.
        needed: files and folders below the root that a reader needs.
        remotes: what they are made of.
        source: where people get the set if nothing here can download it.
    """

    name: str
    needed: tuple[str, ...]
    remotes: tuple[Remote, ...] = ()
    source: str = ""

    @property
    def size(self) -> int:
        """Bytes of all downloads."""
        return sum(remote.size for remote in self.remotes)


def tar_folder(archive: Path, target: Path, most_bytes: int) -> None:
    """An `Unpacker` of a tar file with one folder."""
    untar(archive, target, most_bytes, MOST_FILES)


def idx_files(base: str, folder: str, facts: dict[str, tuple[int, str]]) -> tuple[Remote, ...]:
    """The four files of MNIST and its likes: file -> size and sha256 of its `.gz`."""
    return tuple(
        Remote(f"{base}/{file}.gz", size, digest, f"{folder}/{file}", gunzip) for file, (size, digest) in facts.items()
    )


def address(name: str, remote: Remote) -> str:
    """Where a file is downloaded from: its publisher, or the folder of the set's name at `GAN_LOSSES_MIRROR`."""
    mirror = os.environ.get(MIRROR)
    return f"{mirror.rstrip('/')}/{name}/{remote.file}" if mirror else remote.url


def obtain(known: Published, request: Request) -> None:
    """See to it that all files of the set are below the request's root.

    What is missing is unpacked from the archives in `downloads/<name>`, which are downloaded if the request says so.

    Raises:
        UsageError: if something is missing and must not or cannot be downloaded, or is not what is expected.
    """
    with looking(request.root):
        missing = [path for path in known.needed if not (request.root / path).exists()]
    if not missing:
        return
    wanted = [remote for remote in known.remotes if _makes(remote, missing)]
    if not wanted or not (request.download or all(_is_at_hand(known.name, remote, request.root) for remote in wanted)):
        raise UsageError(_advice(known, missing[0], request.root))
    for remote in wanted:
        _bring(known.name, remote, request)


def archive_of(name: str, remote: Remote, root: Path) -> Path:
    """Where a published file is kept."""
    return root / "downloads" / name / remote.file if remote.unpack else root / remote.target


def _makes(remote: Remote, missing: list[str]) -> bool:
    return any(path == remote.target or path.startswith(f"{remote.target}/") for path in missing)


def _is_at_hand(name: str, remote: Remote, root: Path) -> bool:
    return is_held(archive_of(name, remote, root), remote.size, remote.sha256)


def _bring(name: str, remote: Remote, request: Request) -> None:
    archive, target = archive_of(name, remote, request.root), request.root / remote.target
    if request.download:
        fetch(address(name, remote), archive, remote.size, remote.sha256, request.say)
    if remote.unpack is None:
        return
    if target.exists():
        raise UsageError(f"{str(target)!r} is incomplete: delete it and run again, it is then unpacked anew.")
    request.say(f"{name}: unpacking {str(archive)!r} to {str(target)!r}")
    try:
        remote.unpack(archive, target, 20 * remote.size + SPARE)
    except OSError as error:
        raise UsageError(f"cannot write {str(target)!r} ({error.strerror}): allow it, or name another root.") from None


def _advice(known: Published, missing: str, root: Path) -> str:
    begin = f"no {known.name} in {str(root)!r} ({missing} is missing):"
    if not known.remotes:
        files = ", ".join(known.needed)
        return (
            f"{begin} it cannot be downloaded from here, get it from {known.source} and put {files} into that folder."
        )
    first = known.remotes[0]
    files, place = ", ".join(remote.file for remote in known.remotes), archive_of(known.name, first, root).parent
    host = urlsplit(address(known.name, first)).hostname
    unpacked = (
        f", or {known.needed[0]} and {len(known.needed) - 1} more files into {str(root)!r}" if first.unpack else ""
    )
    by_hand = f"put {files} into {str(place)!r}{unpacked} yourself"
    return f"{begin} add --download ({human_size(known.size)} from {host}), or {by_hand}."
