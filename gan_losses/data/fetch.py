"""Files from the net, taken only as expected, and archives unpacked without trusting them."""

import contextlib
import hashlib
import http.client
import stat
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from gan_losses.data.archives import refused, unpacking
from gan_losses.data.pictures import SUFFIXES
from gan_losses.data.places import alone, appearing
from gan_losses.errors import UsageError

TIMEOUT = 30.0  # seconds without a byte
CHUNK = 1 << 16

Say = Callable[[str], None]


def fetch(url: str, path: Path, size: int, sha256: str, say: Say) -> None:
    """Download `url` to `path`, unless it is there already.

    It grows in a file of the same name with `.part` at its end, which a later call continues, and gets its name only
    when all is there and has the expected hash. A file at `path` with another hash is replaced. Several processes may
    call it at once: one downloads, the others wait for it.

    Args:
        url: an http or https address; proxies are taken from the environment.
        path: where the file is kept; folders on the way are made.
        size: its bytes; more are never taken.
        sha256: its hash in hexadecimal.
        say: tells the user a line: what is downloaded, and every 10 % of it.

    Raises:
        UsageError: on another kind of address, if the server cannot be reached or refuses, if less or more comes than
            `size`, or if what came has another hash.
    """
    host = _host(url)
    with _alone(path, say):
        if _is_there(path, size, sha256, say):
            return
        part = path.with_suffix(path.suffix + ".part")
        say(f"{path.name}: {human_size(size)} from {url}, kept as {str(path)!r}")
        otherwise = f"get {url} by other means and put it at {str(path)!r}"
        try:
            _complete(url, part, path.name, size, say)
        except _DownloadError as problem:
            raise UsageError(f"cannot download from {host} ({problem}): {problem.first}{otherwise}.") from None
        _verify(part, sha256, otherwise)
        part.replace(path)


def human_size(size: int) -> str:
    """Bytes for people.

    Example:
        >>> human_size(116_867_962), human_size(1_476_754_427), human_size(4_321)
        ('117 MB', '1,477 MB', '4 kB')
    """
    return f"{size / 1e6:,.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def unpack(archive: Path, folder: Path, most_bytes: int, most_files: int) -> None:
    """Unpack the images of a zip file to `folder`, which appears complete or not at all.

    Only files with an image's suffix are written. An archive that would write elsewhere, has links or encrypted
    members, or is larger than allowed is refused as a whole. If `folder` has appeared meanwhile, it is left as it is.

    Args:
        archive: the zip file.
        folder: where to; it must not exist. The folder above it is made.
        most_bytes: how much may be written, counted while it is.
        most_files: how many files the archive may have.

    Raises:
        UsageError: if the archive is refused or broken.
        OSError: if it cannot be written; nothing is left behind.
    """
    with appearing(folder) as content:
        _extract(archive, content, most_bytes, most_files)


class _DownloadError(Exception):
    """Why not all came, in a few words, and what to try first ("run again to continue, or ")."""

    def __init__(self, problem: str, first: str = "") -> None:
        super().__init__(problem)
        self.first = first


def _host(url: str) -> str:
    try:
        address = urlsplit(url)
    except ValueError:  # a bracket that is not closed
        address = urlsplit("")
    if address.scheme not in ("http", "https") or not address.hostname:
        raise UsageError(f"downloads come from http:// or https:// addresses, and {url!r} came: correct it.")
    return address.hostname


@contextlib.contextmanager
def _alone(path: Path, say: Say) -> Iterator[None]:
    """Wait until no other process downloads `path`: two that append to one file would spoil it."""
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(alone(path, lambda: say(f"{path.name}: another process is downloading it, waiting")))
        except OSError as error:
            remedy = "allow it, or keep downloads elsewhere"
            raise UsageError(f"cannot write to {str(path.parent)!r} ({error.strerror}): {remedy}.") from None
        yield


def is_held(path: Path, size: int, sha256: str) -> bool:
    """Whether the file is there, of that size and with that hash, so that `fetch` would download nothing."""
    return path.is_file() and path.stat().st_size == size and _hash(path) == sha256


def _is_there(path: Path, size: int, sha256: str, say: Say) -> bool:
    if not path.exists():
        return False
    if is_held(path, size, sha256):
        return True
    if path.is_dir():
        raise UsageError(f"{str(path)!r} is a folder, and a download is kept there: move it away.")
    say(f"{path.name}: the file that is there is another one than expected, it is downloaded again")
    path.unlink()
    return False


def _hash(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _verify(part: Path, sha256: str, otherwise: str) -> None:
    found = _hash(part)
    if found != sha256:
        part.unlink()
        problem = f"the download does not have the expected sha256 {sha256} but {found}"
        raise UsageError(f"{problem}: it was tampered with or has changed; {otherwise}.")


def _complete(url: str, part: Path, name: str, size: int, say: Say) -> None:
    """Bring `part` to `size` bytes, from what is there of it."""
    if part.is_symlink() or not part.is_file():  # a link would be written through, a pipe waited at
        part.unlink(missing_ok=True)
    have = part.stat().st_size if part.exists() else 0
    if have > size:
        part.unlink()
        have = 0
    if have == size:
        return
    with _open(url, have, part) as response:
        have = _start(response, have, size, part)
        with part.open("ab") as stream:
            stream.truncate(have)
            have = _copy(response, stream, name, have, size, say)
    if have > size:
        part.unlink()
        raise _DownloadError(f"it sends more than the expected {size:,} bytes")
    if have < size:
        problem = f"the connection ended after {have:,} of {size:,} bytes"
        raise _DownloadError(problem, "run again to continue, or ")


def _open(url: str, have: int, part: Path) -> http.client.HTTPResponse:
    opener = urllib.request.OpenerDirector()
    # Named one by one: the usual opener would follow a redirection to ftp.
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(urllib.request.HTTPHandler())
    opener.add_handler(urllib.request.HTTPSHandler())
    opener.add_handler(urllib.request.HTTPRedirectHandler())
    opener.add_handler(urllib.request.HTTPDefaultErrorHandler())
    opener.add_handler(urllib.request.HTTPErrorProcessor())
    opener.add_handler(urllib.request.UnknownHandler())
    headers = {"User-Agent": "gan-losses"} | ({"Range": f"bytes={have}-"} if have else {})
    try:
        response: http.client.HTTPResponse = opener.open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT)
    except HTTPError as error:
        error.close()
        problem = f"it answered {error.code} {error.reason}"
        if error.code == 416:  # nothing from there on: what is here cannot be continued
            part.unlink()
            raise _DownloadError(problem, "run again to start anew, or ") from None
        raise _DownloadError(problem) from None
    except URLError as error:
        raise _DownloadError(_reason(error.reason)) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _DownloadError(_reason(error)) from None
    return response


def _reason(error: object) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:g} seconds"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _start(response: http.client.HTTPResponse, have: int, size: int, part: Path) -> int:
    """Where the response begins: at `have`, or at 0 if the server does not continue downloads."""
    start = have if response.status == 206 else 0
    span = response.headers.get("Content-Range", "")
    if start and not span.startswith(f"bytes {start}-"):
        part.unlink()
        problem = f"it was asked to continue at byte {start:,} and sends {span!r}"
        raise _DownloadError(problem, "run again to start anew, or ")
    length = response.headers.get("Content-Length")
    if length is not None and length.isdecimal() and start + int(length) != size:
        part.unlink(missing_ok=True)
        raise _DownloadError(f"it has a file of {start + int(length):,} bytes, not the expected {size:,}")
    return start


def _copy(response: http.client.HTTPResponse, stream: BinaryIO, name: str, have: int, size: int, say: Say) -> int:
    """Append to `stream`; the number of bytes afterwards, `size` + 1 if there would have been more than `size`."""
    while True:
        try:
            chunk = response.read(min(CHUNK, size - have + 1))
        except (OSError, http.client.HTTPException):  # closed or silent: what came is kept
            return have
        if not chunk:
            return have
        if have + len(chunk) > size:
            return size + 1
        stream.write(chunk)
        tenths, have = 10 * have // size, have + len(chunk)
        if 10 * have // size > tenths:
            say(f"{name}: {10 * have // size * 10} % of {human_size(size)}")


def _extract(archive: Path, folder: Path, most_bytes: int, most_files: int) -> None:
    with unpacking(archive, "zip file"), zipfile.ZipFile(archive) as packed:
        members = [member for member in packed.infolist() if not member.filename.endswith("/")]
        if len(members) > most_files:
            raise refused(archive, f"it has {len(members):,} files, more than {most_files:,}")
        for member in members:  # all of them before the first is written
            _check(archive, member)
        left = most_bytes
        for member in members:
            if PurePosixPath(member.filename).suffix.lower() in SUFFIXES:
                left -= _write(packed, member, folder, left)
            if left < 0:
                raise refused(archive, f"unpacked it has more than {most_bytes:,} bytes")


def _check(archive: Path, member: zipfile.ZipInfo) -> None:
    name = PureWindowsPath(member.filename)  # knows both kinds of slashes and drives
    if name.drive or name.root or ".." in name.parts:
        raise refused(archive, f"{member.filename!r} would be written outside of its folder")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind not in (0, stat.S_IFREG):
        raise refused(archive, f"{member.filename!r} is a link or no regular file")
    if member.flag_bits & 1:
        raise refused(archive, f"{member.filename!r} is encrypted")


def _write(packed: zipfile.ZipFile, member: zipfile.ZipInfo, folder: Path, most: int) -> int:
    """Write one member below `folder`; the number of its bytes, or more than `most` if it was cut off there."""
    target = folder.joinpath(*PurePosixPath(member.filename).parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with packed.open(member) as source, target.open("xb") as stream:
        while written <= most and (chunk := source.read(CHUNK)):
            written += len(chunk)
            if written <= most:
                stream.write(chunk)
    return written
