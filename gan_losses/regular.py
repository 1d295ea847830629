"""Files of a user's own and from elsewhere, opened so that reading them neither waits nor goes on for ever."""

import errno
import io
import os
import stat
from pathlib import Path


def open_regular(path: Path, most: int | None = None) -> io.BufferedReader | io.BytesIO:
    """Open a regular file to read its bytes.

    A pipe would wait for a writer, `/dev/zero` never ends, and some files of `/proc` do either: those say that they have
    no bytes, and none are read. A file of which only a few bytes are on disk may claim to have any number of them.

    Args:
        path: of the file; links are followed.
        most: how many bytes it may have; None is any number.

    Raises:
        OSError: it cannot be opened, is no regular file or is larger; `strerror` says so.

    Example:
        >>> open_regular(Path("/dev/zero"))
        Traceback (most recent call last):
        OSError: [Errno 22] not a regular file: '/dev/zero'
    """
    facts = path.stat()
    if not stat.S_ISREG(facts.st_mode):
        raise OSError(errno.EINVAL, "not a regular file", os.fspath(path))
    if most is not None and facts.st_size > most:
        raise OSError(errno.EFBIG, f"{facts.st_size:,} bytes, at most {most:,} are read", os.fspath(path))
    return path.open("rb") if facts.st_size else io.BytesIO()


def read_regular(path: Path, most: int) -> bytes:
    """The content of a regular file of at most `most` bytes.

    Raises:
        OSError: as `open_regular`.
    """
    with open_regular(path, most) as stream:
        return stream.read(most)
