"""Compressed files that data sets come in, unpacked without trusting them. (Zip files of images: see `fetch.unpack`.)"""

import gzip
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from gan_losses.data.places import appearing
from gan_losses.errors import UsageError

CHUNK = 1 << 20
BROKEN = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile)


def untar(archive: Path, folder: Path, most_bytes: int, most_files: int) -> None:
    """Unpack the folder of the name `folder.name` in a tar file to `folder`, which appears complete or not at all.

    Members that would be written elsewhere, links out of the folder and devices are refused (tarfile's filter "data").

    Args:
        archive: the file, compressed or not.
        folder: where to; it must not exist. The folder above it is made.
        most_bytes: how much may be unpacked.
        most_files: how many members the archive may have.

    Raises:
        UsageError: if the archive is refused, is broken or has no such folder.
        OSError: if it cannot be written; nothing is left behind.
    """
    with appearing(folder) as content:
        try:
            with tarfile.open(archive) as packed:
                members = _limited(packed, archive, most_bytes, most_files)
                packed.extractall(content.parent, members, filter="data")
        except tarfile.FilterError as error:
            raise _refused(archive, str(error)) from None
        except BROKEN as error:
            raise _broken(archive, error) from None
        if not any(content.iterdir()):
            raise _refused(archive, f"it has no folder {folder.name!r}")


def gunzip(archive: Path, path: Path, most_bytes: int) -> None:
    """Unpack a `.gz` file to `path`, which appears complete or not at all.

    Args:
        archive: the file.
        path: where to; folders on the way are made.
        most_bytes: how much may be unpacked.

    Raises:
        UsageError: if it unpacks to more, or is broken.
        OSError: if it cannot be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as temporary:
        part, left = Path(temporary, path.name), most_bytes
        try:
            with gzip.open(archive) as packed, part.open("wb") as stream:
                while left >= 0 and (chunk := packed.read(CHUNK)):
                    left -= len(chunk)
                    stream.write(chunk)
        except BROKEN as error:
            raise _broken(archive, error) from None
        if left < 0:
            raise _refused(archive, f"unpacked it has more than {most_bytes:,} bytes")
        part.replace(path)


def _limited(packed: tarfile.TarFile, archive: Path, most_bytes: int, most_files: int) -> Iterator[tarfile.TarInfo]:
    """The members one after the other; a member is never written larger than it says."""
    left = most_bytes
    for number, member in enumerate(packed):
        if number >= most_files:
            raise _refused(archive, f"it has more than {most_files:,} files")
        left -= member.size
        if left < 0:
            raise _refused(archive, f"unpacked it has more than {most_bytes:,} bytes")
        yield member


def _refused(archive: Path, problem: str) -> UsageError:
    return UsageError(f"{str(archive)!r} is not unpacked ({problem}): delete it and get it from a source you trust.")


def _broken(archive: Path, error: Exception) -> UsageError:
    problem = " ".join(str(error).split()) or type(error).__name__
    return UsageError(f"{str(archive)!r} is a broken archive ({problem}): delete it and run again.")
