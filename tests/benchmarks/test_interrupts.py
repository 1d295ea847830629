"""Ctrl-C in the middle: exit 130, a line that says how to continue, nothing torn, and the rest is trained afterwards."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import records
from tests.benchmarks.test_run import ROOT, TINY


@pytest.fixture
def _heard() -> Iterator[None]:
    """SIGINT is not ignored, though who started the tests in the background may have it so; a child inherits that."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("_heard")
@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_done_and_says_how_to_continue(tmp_path: Path) -> None:
    arguments = [*TINY, "--out", str(tmp_path), "--recipe", "controlled", "--seeds", "0-1", "--steps", "60"]
    call = [sys.executable, "-m", "benchmarks.run", *arguments]
    process = subprocess.Popen(call, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("dcgan/**/record.json")):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "continue with: python -m benchmarks.run" in error
    assert "Traceback" not in error
    assert not list(tmp_path.rglob("*.tmp"))
    found = list(records.find_records(tmp_path))
    assert 0 < len(found) < 4
    kept = {path: path.stat().st_mtime_ns for folder in found for path in folder.rglob("*.json")}
    assert subprocess.run(call, cwd=ROOT, check=False).returncode == 0
    assert len(list(records.find_records(tmp_path))) == 4
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
