import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from benchmarks.capacity.report_time import BuildError, memory_of, report_cost, size_of

HOLDING = "import sys; held = bytearray({bytes}); {more}; print('ready', flush=True); sys.stdin.read()"
CHILD = "import os; child = os.fork(); (os.read(0, 1) if child == 0 else None)"


def holding(count: int, more: str = "pass") -> "subprocess.Popen[str]":
    code = HOLDING.format(bytes=count, more=more)
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def measured(count: int, more: str = "pass") -> int:
    with holding(count, more) as process:
        time.sleep(0.2)
        found = memory_of(psutil.Process(process.pid))
        assert process.stdin is not None
        process.stdin.close()
    return found


def test_memory_counts_what_a_process_holds_and_what_it_shares_with_its_child_once() -> None:
    held = 64 * 2**20
    assert measured(held) - measured(0) == pytest.approx(held, rel=0.05)
    if hasattr(os, "fork") and sys.platform == "linux":
        assert measured(held, CHILD) - measured(0, CHILD) == pytest.approx(held, rel=0.05)


def test_size_is_of_all_files_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one").write_bytes(b"123")
    (tmp_path / "two").write_bytes(b"45")
    assert size_of(tmp_path) == 5


def test_a_build_that_fails_says_why_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with pytest.raises(BuildError, match="holds no records"):
        report_cost(tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


@pytest.mark.slow
def test_a_report_costs_seconds_memory_and_disk(source: Path) -> None:
    cost = report_cost(source)
    assert 0.5 < cost.seconds < 300
    assert 0.5 < cost.cpu_seconds < 300
    assert 50 * 2**20 < cost.peak_bytes < 2**31
    assert 10_000 < cost.page_bytes < cost.report_bytes
