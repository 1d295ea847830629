"""What a cell leaves on the disk, by kind of file."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from statistics import fmean

from benchmarks import records

KINDS = {
    "record.json": "record",
    "curves.jsonl": "curves",
    ".safetensors": "weights",
    ".png": "pictures",
}
OTHERS = "others"


def kind_of(path: Path) -> str:
    """What a file in a cell's folder is.

    Example:
        >>> kind_of(Path("samples/step000100.png")), kind_of(Path("traceback.txt"))
        ('pictures', 'others')
    """
    return next((kind for end, kind in KINDS.items() if path.name.endswith(end)), OTHERS)


def bytes_of_a_cell(run: Path) -> dict[str, float]:
    """Mean bytes of a cell by kind of file, and how many files it has as "files".

    Args:
        run: a finished one.
    """
    return _means([_sizes(folder) for folder in records.find_records(run)])


def _sizes(folder: Path) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for path in folder.rglob("*"):
        if path.is_file():
            found[kind_of(path)] += path.stat().st_size
            found["files"] += 1
    return found


def _means(cells: Iterable[dict[str, int]]) -> dict[str, float]:
    known = list(cells)
    return {kind: fmean(cell.get(kind, 0) for cell in known) for kind in (*KINDS.values(), OTHERS, "files") if known}
