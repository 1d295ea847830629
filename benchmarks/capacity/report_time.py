"""What a report costs: seconds, memory and size, each build in a process of its own."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
INTERVAL = 0.1  # seconds between two looks at the memory


@dataclass(frozen=True)
class Cost:
    """What one build of a report cost.

    Attributes:
        seconds: from the process's start to its end.
        cpu_seconds: of all its processes together: what it would take on one core with nothing beside it, or nearly.
        peak_bytes: the largest sum over the process and all that it started (`memory_of`), of looks `INTERVAL` apart.
        report_bytes: of all files of the report.
        page_bytes: of its page alone; 0 for none.
    """

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    report_bytes: int
    page_bytes: int


class BuildError(RuntimeError):
    """A report was not built; what it said last."""


def report_cost(run: Path) -> Cost:
    """Build the report of a run into a folder that is gone afterwards, as `python -m reports.build RUN` would.

    Raises:
        BuildError: the command failed.
    """
    with tempfile.TemporaryDirectory(dir=run.parent, prefix="report-") as place:
        out, told = Path(place) / "report", Path(place) / "told.txt"
        command = [sys.executable, "-m", "reports.build", str(run), "--out", str(out)]
        begin, before = time.perf_counter(), _spent()
        with told.open("wb") as file, subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file) as process:
            peak = max(_looks(process), default=0)
            seconds = time.perf_counter() - begin
        if process.returncode:
            raise BuildError(f"{' '.join(command)} ended with {process.returncode}: {told.read_text()[-2000:]}")
        page = out / "index.html"
        return Cost(seconds, _spent() - before, peak, size_of(out), page.stat().st_size if page.exists() else 0)


def _spent() -> float:
    """Seconds of processors that all children so far have taken, and theirs."""
    times = psutil.Process().cpu_times()
    return float(times.children_user + times.children_system)


def _looks(process: "subprocess.Popen[bytes]") -> Iterator[int]:
    """The memory of a process and its children, again and again until it ends."""
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        yield memory_of(parent)
        time.sleep(INTERVAL)


def memory_of(process: psutil.Process) -> int:
    """Bytes that a process and all its children hold: the sum of their proportional set sizes.

    A page that forked processes share counts once in it, as it does in the machine. Where the system knows no such size
    (it is Linux's) the pages of each alone are summed, which is less.
    """
    found = 0
    for each in _family(process):
        try:
            sizes = each.memory_full_info()
        except psutil.Error:  # it has ended, or is not to be looked into
            continue
        found += int(getattr(sizes, "pss", sizes.uss))
    return found


def _family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


def size_of(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
