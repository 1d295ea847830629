"""Compressed files that data sets come in, unpacked without trusting them. (Zip files of images: see `fetch.unpack`.)"""

import contextlib
import errno
import gzip
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from gan_losses.data.places import appearing
from gan_losses.errors import UsageError

CHUNK = 1 << 20
MOST_HEADER = 1 << 20  # bytes of what stands before a member: tarfile reads all of it into memory
# What the disk says of names that an archive must not have; readers of damaged ones raise errors without a number.
OF_NAMES = (
    None,
    errno.ENAMETOOLONG,
    errno.ENOTDIR,
    errno.EISDIR,
    errno.EEXIST,
    errno.EINVAL,
    errno.ELOOP,
    errno.EILSEQ,
)


class _RefusedError(Exception):
    """Why an archive is not unpacked, in a few words."""


@contextlib.contextmanager
def unpacking(archive: Path, kind: str = "archive") -> Iterator[None]:
    """Tell whatever an archive makes its reader raise in one sentence.

    Raises:
        UsageError: anything was raised inside but what the disk says.
        OSError: the disk is full or must not be written to.
    """
    try:
        yield
    except UsageError:
        raise
    except (_RefusedError, tarfile.FilterError) as error:
        raise refused(archive, str(error)) from None
    except OSError as error:
        if error.errno not in OF_NAMES:
            raise
        raise _broken(archive, kind, error) from None
    except Exception as error:  # readers raise nearly every type on damaged files
        raise _broken(archive, kind, error) from None


def refused(archive: Path, problem: str) -> UsageError:
    """The error for an archive that its maker has made to do harm, or that is not what was expected."""
    return UsageError(f"{str(archive)!r} is not unpacked ({problem}): delete it and get it from a source you trust.")


def untar(archive: Path, folder: Path, most_bytes: int, most_files: int) -> None:
    """Unpack the folder of the name `folder.name` in a tar file to `folder`, which appears complete or not at all.

    Members that would be written elsewhere (tarfile's filter "data"), links and devices are refused.

    Args:
        archive: the file, compressed or not.
        folder: where to; it must not exist. The folder above it is made.
        most_bytes: how much may be unpacked.
        most_files: how many members the archive may have.

    Raises:
        UsageError: if the archive is refused, is broken or has no such folder.
        OSError: if it cannot be written; nothing is left behind.
    """
    with appearing(folder) as content, unpacking(archive):
        with tarfile.open(archive, tarinfo=_Member) as packed:
            members = _limited(packed, most_bytes, most_files)
            packed.extractall(content.parent, members, filter="data")
        if not any(content.iterdir()):
            raise _RefusedError(f"it has no folder {folder.name!r}")


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
        with unpacking(archive), gzip.open(archive) as packed, part.open("wb") as stream:
            while left >= 0 and (chunk := packed.read(CHUNK)):
                left -= len(chunk)
                stream.write(chunk)
        if left < 0:
            raise refused(archive, f"unpacked it has more than {most_bytes:,} bytes")
        part.replace(path)


class _Member(tarfile.TarInfo):
    """A header that is looked at before tarfile acts on it: a negative size sends it back, without end."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """As tarfile's."""
        header = super().frombuf(buf, encoding, errors)
        if header.size < 0:
            raise _RefusedError("a member has a negative size")
        if header.type not in tarfile.REGULAR_TYPES and header.size > MOST_HEADER:
            raise _RefusedError(f"a header has {header.size:,} bytes")
        return header


def _limited(packed: tarfile.TarFile, most_bytes: int, most_files: int) -> Iterator[tarfile.TarInfo]:
    """The members one after the other; a member is never written larger than it says."""
    left = most_bytes
    for number, member in enumerate(packed):
        if number >= most_files:
            raise _RefusedError(f"it has more than {most_files:,} files")
        if not (member.isreg() or member.isdir()):  # links through links have deceived the filter of some Pythons
            raise _RefusedError(f"{member.name!r} is a link or no regular file")
        left -= member.size
        if left < 0 or member.size < 0:
            raise _RefusedError(f"unpacked it has more than {most_bytes:,} bytes")
        yield member


def _broken(archive: Path, kind: str, error: Exception) -> UsageError:
    words = str((isinstance(error, OSError) and error.strerror) or error)
    problem = ascii(" ".join(words.split())[:200])[1:-1] or type(error).__name__
    return UsageError(f"{str(archive)!r} is a broken {kind} ({problem}): delete it and run again.")
