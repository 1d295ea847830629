"""A run's records in one small file, and back: python -m reports.packing RUN FILE.tar.xz."""

import argparse
import io
import json
import lzma
import sys
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from benchmarks.records import RECORD, SEAL, RecordError, read_json, seal, write_bytes
from reports.experiments.chapter import holds_experiments
from reports.films import chosen, files_of, frame, whole
from reports.loading import Cell, Run, load
from reports.manifest import input_paths
from reports.panels import make_panels
from reports.text import local

SUFFIX, REQUEST = ".tar.xz", "run.json"
DIGITS = 6  # of the numbers in curves: more than any figure shows
MOST_BYTES, MOST_FILES = 2 * 2**30, 200_000
Json = dict[str, Any]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, or 2 for a user's mistake."""
    parser = argparse.ArgumentParser(
        prog="python -m reports.packing",
        description="Everything that a report is made from in one file, which reports.build takes in place of the folder.",
    )
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="output folder of benchmarks.run or benchmarks.experiments"
    )
    parser.add_argument("file", type=Path, metavar=f"FILE{SUFFIX}", help="to be written")
    options = parser.parse_args(arguments)
    try:
        pack(options.run, options.file)
    except (RecordError, OSError) as error:
        print(f"reports.packing: {error}", file=sys.stderr)
        return 2
    print(f"{options.file}: {options.file.stat().st_size:,} bytes")
    return 0


def pack(folder: Path, file: Path) -> None:
    """Write a run's or experiments' records into one file: equal records give equal bytes.

    Left out are weights, checkpoints and data; samples and maps of all but each loss's smallest seed that has any, and all but a
    film's frames of these, the last of which stays whole. Pictures are WebP, numbers of curves are rounded to `DIGITS` digits, and
    the run's command is without the folders of its machine. Everything else is as it was.

    Raises:
        RecordError: the folder is neither, or the file's name does not end in .tar.xz.
    """
    if not file.name.endswith(SUFFIX):
        raise RecordError(f"{file} should end in {SUFFIX}.")
    experiments = holds_experiments(folder)
    found = {path: path.read_bytes() for path in folder.glob(f"*/{RECORD}")} if experiments else _kept(load(folder))
    stem = file.name.removesuffix(SUFFIX)
    inner = io.BytesIO()
    with tarfile.open(fileobj=inner, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(found):
            entry = tarfile.TarInfo(f"{stem}/{path.relative_to(folder).as_posix()}")
            entry.size, entry.mode = len(found[path]), 0o644
            archive.addfile(entry, io.BytesIO(found[path]))
    write_bytes(file, lzma.compress(inner.getvalue(), preset=9 | lzma.PRESET_EXTREME))


def _kept(run: Run) -> dict[Path, bytes]:
    """What a report of the run is made from, without pictures that it does not show: path -> content."""
    found = {path: path.read_bytes() for path in input_paths(run.folder) if not _of_one_cell(path)}
    found |= {path: _rounded(path) for path in found if path.suffix == ".jsonl"}
    found |= {path: _placeless(path) for path in found if path == run.folder / REQUEST}
    for panel in make_panels(run):
        for loss in panel.losses:
            cell = next((cell for cell in panel.of(loss) if files_of(cell.folder)), None)
            if cell is not None:
                found |= _pictures(cell)
    return found


def _of_one_cell(path: Path) -> bool:
    """Whether a report shows a file of one seed only, and none of the others'."""
    return path.parent.name in ("samples", "maps") or path.name == "maps.json"


def _pictures(cell: Cell) -> dict[Path, bytes]:
    files = files_of(cell.folder)
    steps = chosen([step for step, _ in files])
    kept = {path: (whole if step == steps[-1] else frame)(path) for (step, _), path in files.items() if step in steps}
    maps = [*cell.folder.glob("maps.json"), *cell.folder.glob("maps/*.png")]
    return {path.with_suffix(".webp"): content for path, content in kept.items() if content is not None} | {
        path: path.read_bytes() for path in maps
    }


def _placeless(path: Path) -> bytes:
    """A run's request without the folders of its machine, sealed anew; one that cannot be read as it is."""
    try:
        content = read_json(path)
    except RecordError:
        return path.read_bytes()
    if isinstance(content.get("command"), str):
        content["command"] = local(content["command"])
    return (json.dumps({**content, SEAL: seal(content)}, indent=1) + "\n").encode()


def _rounded(path: Path) -> bytes:
    lines = [json.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
    return "".join(json.dumps(_short(line), separators=(",", ":")) + "\n" for line in lines).encode()


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}")
    if isinstance(value, dict):
        return {name: _short(part) for name, part in value.items()}
    return [_short(part) for part in value] if isinstance(value, list) else value


@contextmanager
def unpacked(paths: Sequence[Path]) -> Iterator[list[Path]]:
    """The folders behind some paths: a packed file's contents lie in a folder of its name that is gone afterwards.

    Raises:
        RecordError: a file is no such archive, or holds more than it should.
    """
    with ExitStack() as stack:
        yield [_unpack(path, stack) if path.is_file() else path for path in paths]


def _unpack(path: Path, stack: ExitStack) -> Path:
    if not path.name.endswith(SUFFIX):
        raise RecordError(f"{path} is a file; give a run's folder, or what python -m reports.packing made of one.")
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="records-")))
    try:
        with tarfile.open(path, "r:xz") as archive:
            size = 0
            for count, entry in enumerate(archive):
                size += entry.size
                if count > MOST_FILES or size > MOST_BYTES or not entry.isfile():
                    raise RecordError(f"{path} is no packed run: it holds links, or far too much.")
                archive.extract(entry, folder, filter="data")
    except (tarfile.TarError, lzma.LZMAError, EOFError, OSError) as error:
        raise RecordError(f"{path} cannot be unpacked ({error}); pack the run again.") from None
    inside = sorted(folder.iterdir())
    if len(inside) != 1 or not inside[0].is_dir():
        raise RecordError(f"{path} is no packed run; make one by python -m reports.packing.")
    return inside[0]


if __name__ == "__main__":
    sys.exit(main())
