"""Files that know whether they are whole: one line of JSON with facts and a sha256, then the content. Standard library only."""

import hashlib
import json
from pathlib import Path
from typing import Any

from benchmarks.records import DamagedError, RecordError, write_bytes

FORMAT = 1
LONGEST_HEADER = 65_536
Json = dict[str, Any]


def write_sealed(path: Path, facts: Json, content: bytes) -> None:
    """Write `content` under `facts` (its kind, whose it is, …), atomically.

    Raises:
        OSError: it cannot be written; nothing is left behind.
    """
    whole = {"format": FORMAT, **facts, "bytes": len(content)}
    header = {**whole, "sha256": _digest(whole, content)}
    write_bytes(path, json.dumps(header, sort_keys=True).encode() + b"\n" + content)


def read_sealed(path: Path) -> tuple[Json, bytes]:
    """The facts and the content of such a file, exactly as they were written.

    Raises:
        DamagedError: cut off, changed, or no such file at all.
        RecordError: of a newer format, or it cannot be read.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "file"
        >>> write_sealed(path, {"step": 3}, b"content")
        >>> facts, content = read_sealed(path)
        >>> facts["step"], content
        (3, b'content')
    """
    try:
        with path.open("rb") as file:
            line, content = file.readline(LONGEST_HEADER), file.read()
    except OSError as error:
        raise RecordError(f"{path} cannot be read ({error.strerror or error}).") from error
    try:
        facts = json.loads(line)
        kept = {name: value for name, value in facts.items() if name != "sha256"}
        form = facts["format"]
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError) as error:
        raise DamagedError(f"{path} is damaged: its first line does not say what it is.") from error
    if isinstance(form, int) and form > FORMAT:
        raise RecordError(f"{path} has format {form}, newer than {FORMAT}, which this version reads.")
    if facts.get("bytes") != len(content):
        raise DamagedError(f"{path} is damaged: {len(content)} bytes, and {facts.get('bytes')!r} were written.")
    if facts.get("sha256") != _digest(kept, content):
        raise DamagedError(f"{path} is damaged: its sha256 differs from what was written.")
    return kept, content


def _digest(facts: Json, content: bytes) -> str:
    hasher = hashlib.sha256(json.dumps(facts, sort_keys=True).encode())
    hasher.update(content)
    return hasher.hexdigest()
