"""Runs of the command for the tests of executors, and what of their records has to be equal."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import records

ROOT = Path(__file__).parents[3]
# What a record says of where and when, and nothing else may differ.
OF_THE_PLACE = ("environment", "memory", "time")


def run(out: Path, *options: str, heard: Callable[[str], None] = lambda line: None, code: int = 0) -> str:
    """Run the command, hand every line that it says to `heard`, and return them all."""
    call = [sys.executable, "-m", "benchmarks.run", "--out", str(out), *options]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT, env=environment
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        heard(line)
    process.stdout.close()
    assert process.wait() == code, "".join(lines)
    return "".join(lines)


def recorded(out: Path) -> dict[str, dict]:
    """Every record without what it says of its place: the digests of all files of a cell are in it."""
    found = {}
    for folder in records.find_records(out):
        content = records.read_json(folder / records.RECORD)
        found[content["id"]] = {name: value for name, value in content.items() if name not in OF_THE_PLACE}
    return found
