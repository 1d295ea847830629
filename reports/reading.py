"""Reads the files of a run for a report. One that is damaged is noted and left out; it does not cost the report."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import records
from benchmarks.records import SCHEMA, RecordError
from reports.curves import NO_CURVES, Curves, curves_of
from reports.shape_checks import Check, UnfitError
from reports.shapes_of_files import POINT

Json = dict[str, Any]
UNREADABLE = "unreadable"
HALF = re.compile(rb"\\u[dD][89a-fA-F]")  # of a surrogate pair, as JSON spells it; UTF-8 itself can hold none


@dataclass(frozen=True)
class Damage:
    """A file that could not be read, in whole or from some place on.

    Attributes:
        path: of the file, in the run.
        cause: what is wrong with it.
    """

    path: str
    cause: str


class Reader:
    """Reads files of a run.

    Args:
        folder: of the run.

    Attributes:
        damages: what could not be read so far.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.damages: list[Damage] = []

    def json(self, path: Path, check: Check) -> Json | None:
        """One of the JSON files; None where it is damaged.

        Raises:
            RecordError: it is of a newer schema.
        """
        if not path.is_file():  # a pipe would be waited for
            self._note(path, "it is no regular file")
            return None
        try:
            raw = path.read_bytes()
            content: Json = records.parse_json(path, raw)
            content = clean(content) if HALF.search(raw) else content
            check(content, "")
        except OSError as error:
            self._note(path, f"cannot be read ({error.strerror or error}); mend that or delete it.")
            return None
        except (RecordError, UnfitError, RecursionError) as error:
            if is_newer(path):
                raise
            self._note(path, str(error).removeprefix(f"{path} ").partition("; delete it")[0])
            return None
        return content

    def every(self, paths: Iterable[Path], check: Check) -> list[Json]:
        """Those of several files that are whole, in the order of their names."""
        found = (self.json(path, check) for path in sorted(paths))
        return [content for content in found if content is not None]

    def optional(self, path: Path, check: Check) -> Json:
        """A file that need not be there; {} without it."""
        return (self.json(path, check) if path.exists() else None) or {}

    def points(self, path: Path) -> Curves:
        """The log points of a cell, up to the first that is damaged; a torn last line is no damage."""
        if not path.exists():
            return NO_CURVES
        try:
            rows = records.read_curves(path) if path.is_file() else None
            content = path.read_bytes() if rows is not None else b""
            rows = clean(rows) if HALF.search(content) else rows
            lines = content.count(b"\n")
        except (OSError, ValueError, RecursionError):
            rows = None
        if rows is None:
            self._note(path, "it is no text of log points")
            return NO_CURVES
        for index, row in enumerate(rows):
            try:
                POINT(row, "")
            except UnfitError as error:
                self._note(path, f"line {index + 1}: {error}")
                return curves_of(rows[:index])
        if lines > len(rows):
            self._note(path, f"line {len(rows) + 1} is no JSON")
        return curves_of(rows)

    def _note(self, path: Path, cause: str) -> None:
        self.damages.append(Damage(path.relative_to(self.folder).as_posix(), cause))


def is_newer(path: Path) -> bool:
    """Whether a file says that it is of a schema that this version does not know."""
    try:
        schema = json.loads(path.read_bytes()).get("schema") if path.is_file() else None
    except (OSError, ValueError, RecursionError, AttributeError):
        return False
    return isinstance(schema, int) and schema > SCHEMA


def clean(value: Any) -> Any:
    r"""JSON whose texts can all be written as UTF-8: half of a surrogate pair becomes a question mark.

    Example:
        >>> clean({"a\ud800": ["b", 1]})
        {'a?': ['b', 1]}
    """
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {clean(name): clean(item) for name, item in value.items()}
    return [clean(item) for item in value] if isinstance(value, list) else value
