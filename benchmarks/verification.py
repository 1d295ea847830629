"""What `benchmarks.verify` finds: findings, and the checks that every kind of file shares. Standard library only."""

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from benchmarks import records
from benchmarks.records import SEAL, RecordError

Json = dict[str, Any]
ERROR, UNFINISHED, NOTE = "errors", "unfinished", "notes"
KINDS = (ERROR, UNFINISHED, NOTE)
SEALED_SINCE = 2  # the first schema whose files are sealed
LONGEST = 1000  # letters of a path that no file system refuses
RESTORE = "restore it from a copy, or delete it and run again"


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        kind: one of `KINDS`.
        path: in the run.
        wrong: what is wrong with it.
        remedy: what to do; "" where nothing need be done.
    """

    kind: str
    path: str
    wrong: str
    remedy: str = ""

    @property
    def line(self) -> str:
        r"""The finding on one line of printable letters, whatever names the files have.

        Example:
            >>> Finding(ERROR, "a\nb", "is gone", "run again").line
            'a\\nb: is gone; run again'
        """
        text = f"{self.path}: {self.wrong}" + (f"; {self.remedy}" if self.remedy else "")
        return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)


@dataclass
class Check:
    """A run that is being checked.

    Attributes:
        run: its folder.
        findings: so far.
        digests: the sha256 of every file that was read, by its path in the run.
        bytes: of these files.
        unsealed: files of an older schema.
    """

    run: Path
    findings: list[Finding] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    bytes: int = 0
    unsealed: int = 0

    def name(self, path: Path) -> str:
        """The path in the run."""
        return path.relative_to(self.run).as_posix()

    def find(self, kind: str, path: Path | str, wrong: str, remedy: str = "") -> None:
        """Note a finding."""
        self.findings.append(Finding(kind, path if isinstance(path, str) else self.name(path), wrong, remedy))

    def of(self, kind: str) -> list[Finding]:
        """The findings of a kind, by path."""
        return sorted((found for found in self.findings if found.kind == kind), key=lambda found: found.line)

    def digest(self, path: Path) -> str | None:
        """The sha256 of a file; None, and a finding, where it cannot be read. A file is read once."""
        name = self.name(path)
        if name not in self.digests:
            if not path.is_file():  # a pipe would be waited for
                self.find(ERROR, path, "is no regular file", RESTORE)
                return None
            try:
                with path.open("rb") as file:
                    self.digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
                    self.bytes += file.tell()
            except OSError as error:
                self.find(ERROR, path, f"cannot be read ({error.strerror or error})", RESTORE)
                return None
        return self.digests[name]

    def json(self, path: Path, *required: str) -> Json | None:
        """A JSON file that is whole, sealed and byte for byte what was written; None, and a finding, where it is not."""
        if self.digest(path) is None:
            return None
        try:
            content, raw = records.read_json(path, *required), path.read_bytes()
        except (RecordError, OSError, RecursionError) as error:
            self.find(ERROR, path, _wrong(error, path), RESTORE)
            return None
        if content["schema"] < SEALED_SINCE:
            self.unsealed += 1
            self.find(NOTE, path, "older: not sealed, so that nothing but its form could be checked")
        elif not as_written(raw):
            self.find(ERROR, path, "is not byte for byte what was written, or its seal is gone", RESTORE)
            return None
        return content


def as_written(raw: bytes) -> bool:
    """Whether these are the bytes that `records.write_json` makes of their content.

    A seal is of the values: a number spelled otherwise, or a key given twice, would pass it.
    """
    try:
        content = json.loads(raw)
        return SEAL in content and (json.dumps(content, indent=1, allow_nan=False) + "\n").encode() == raw
    except (ValueError, TypeError, RecursionError):
        return False


def _wrong(error: Exception, path: Path) -> str:
    """What an error says of a file, without its path and its remedy, which stand in the finding."""
    words = str(error).removeprefix(f"{path} ").partition(";")[0].rstrip(".")
    return words if isinstance(error, RecordError) else f"is nested too deep or cannot be read ({type(error).__name__})"


def is_inside(name: Any) -> bool:
    """Whether a name that a file gives is a path that leads to no other place than below its folder.

    Example:
        >>> [is_inside(name) for name in ("samples/step000800.png", "../a", "/a", "a//b", "", 3)]
        [True, False, False, False, False, False]
    """
    if not isinstance(name, str) or not name or "\0" in name or "\\" in name or len(name) > LONGEST:
        return False
    path = PurePosixPath(name)
    return (
        not path.is_absolute()
        and ".." not in path.parts
        and path.as_posix() == name != "."
        and max(map(len, path.parts)) < 250
    )


def files_below(folder: Path) -> Iterator[Path]:
    """Every file below a folder in a fixed order; links to folders are not followed."""
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (Path(place) / name for name in sorted(names))
