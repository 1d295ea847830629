"""Losses that take their process with them cost their own cells, and nobody else's."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import records
from tests.benchmarks.test_run import ROOT, TINY

DEADLY = """
import ctypes, multiprocessing, os, signal, sys
from dataclasses import dataclass
from gan_losses.losses import BCE

def die(how):
    if multiprocessing.parent_process() is None:
        return  # the run itself, which examines and draws the loss
    {"exit": lambda: os._exit(0), "segfault": lambda: ctypes.string_at(0), "kill": lambda: os.kill(os.getpid(), 9),
     "leave": lambda: sys.exit(3), "memory": lambda: bytearray(1 << 60)}[how]()
"""
LOSS = '''
@dataclass(frozen=True)
class {title}(BCE):
    """One that ends its process."""

    name = "{name}"

    def generator(self, fake, real=None):
        die("{name}")
        return super().generator(fake, real)
'''
WAYS = {
    "exit": "ended without a word",
    "segfault": "SIGSEGV",
    "kill": "SIGKILL",
    "leave": "SystemExit: 3",
    "memory": "MemoryError",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str], list[str]]:
    folder = tmp_path_factory.mktemp("deadly")
    file = folder / "deadly.py"
    file.write_text(DEADLY + "".join(LOSS.format(title=name.title(), name=name) for name in WAYS))
    spelled = ",".join(["bce", *(f"{file}:{name.title()}" for name in WAYS)])
    arguments = [*TINY, "--losses", spelled, "--recipe", "controlled", "--seeds", "0", "--out", str(folder / "out")]
    call = [sys.executable, "-m", "benchmarks.run", *arguments, "--unexamined"]
    done = subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=False)
    return folder / "out", done, call


def by_loss(out: Path) -> dict[str, dict]:
    found = [records.read_json(folder / "record.json") for folder in records.find_records(out)]
    return {record["cell"]["loss"].rpartition(":")[2].lower(): record for record in found}


def test_only_their_own_cells_fail_and_the_reason_is_told(run) -> None:
    out, done, _ = run
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    found = by_loss(out)
    assert found["bce"]["status"] == "done"
    for name, reason in WAYS.items():
        assert found[name]["status"] == "failed", name
        assert reason in found[name]["reason"]


def test_the_others_are_timed_without_them(run) -> None:
    out, _, _ = run
    (path,) = (out / "timing").glob("*.json")
    timing = json.loads(path.read_text())
    assert [entry["loss"] for entry in timing["entries"]] == ["bce"]
    assert len(timing["failed"]) == len(WAYS)


def test_a_segfault_leaves_where_it_happened(run) -> None:
    out, _, _ = run
    folder = out / by_loss(out)["segfault"]["id"]
    assert "in die" in (folder / "traceback.txt").read_text()
    assert "traceback.txt" in by_loss(out)["segfault"]["files"]


@pytest.mark.slow
def test_failed_cells_are_tried_again_where_that_is_asked_for_and_no_others(run) -> None:
    out, _, call = run

    def stamps() -> dict[Path, int]:
        return {folder: (folder / "record.json").stat().st_mtime_ns for folder in records.find_records(out)}

    before, found = stamps(), [out / record["id"] for record in by_loss(out).values() if record["status"] == "failed"]
    assert subprocess.run([*call, "--retry", "failed"], cwd=ROOT, check=False).returncode == 1
    assert {folder for folder, stamp in stamps().items() if stamp != before[folder]} == set(found)
