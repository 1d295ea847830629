"""Cells in processes of their own: a crash costs one cell, and the number of workers changes nothing."""

import os
import signal
from pathlib import Path

import pytest

from benchmarks import records
from benchmarks.events import Work
from benchmarks.executors import processes
from benchmarks.executors.processes import call_alone, run_cells
from gan_losses.data import load_data
from gan_losses.data.store import save_dataset


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("store") / "digits.safetensors"
    save_dataset(load_data("digits", 16), path)
    return path


def finish(cells, work, workers):
    work.out.mkdir(exist_ok=True)
    return {event.cell.folder: event for event in run_cells(cells, work, workers) if event.kind != "progress"}


def comparable(folder: Path) -> dict:
    content = records.read_json(folder / "record.json")
    return {name: content[name] for name in ("id", "status", "settings", "quality", "saturation")}


def test_records_do_not_depend_on_the_number_of_workers(cells, store, tmp_path) -> None:
    for workers in (1, 3):
        events = finish(cells, Work(tmp_path / str(workers), {"digits": store}, None), workers)
        assert {event.detail for event in events.values()} == {"done"}
    for cell in cells:
        one, three = tmp_path / "1" / cell.folder, tmp_path / "3" / cell.folder
        assert comparable(one) == comparable(three)
        for name in ("curves.jsonl", "best.safetensors", "final.safetensors", "samples/step000004.png"):
            assert (one / name).read_bytes() == (three / name).read_bytes(), name


def test_a_killed_process_costs_its_cell_alone(cells, store, tmp_path, monkeypatch) -> None:
    victim = cells[0]
    alive: dict = {}
    start = processes._start

    def started(context, cell, work):
        running = start(context, cell, work)
        ((_, process),) = running.values()
        alive[cell.folder] = process
        return running

    monkeypatch.setattr(processes, "_start", started)
    events = {}
    for event in run_cells(cells, Work(tmp_path, {"digits": store}, None), 2):
        if event.kind == "progress" and event.cell == victim and alive[victim.folder].is_alive():
            os.kill(alive[victim.folder].pid, signal.SIGKILL)
        elif event.kind != "progress":
            events[event.cell.folder] = event
    # The kill may come after its last message; then it is done like the others.
    if events[victim.folder].kind == "died":
        assert "SIGKILL" in events[victim.folder].detail
    assert all(event.detail == "done" for folder, event in events.items() if folder != victim.folder)
    assert len(events) == len(cells)


def crash(send, code: int) -> None:
    os._exit(code)


def fail(send) -> None:
    raise ValueError("told so")


def count(send, limit: int) -> None:
    for number in range(limit):
        send(number)


def test_a_function_alone_sends_what_it_finds_and_raises_what_it_meets() -> None:
    assert list(call_alone(count, 3)) == [0, 1, 2]
    with pytest.raises(ValueError, match="told so"):
        list(call_alone(fail))
    with pytest.raises(ChildProcessError, match="exit code 7"):
        list(call_alone(crash, 7))


@pytest.mark.parametrize(
    ("code", "text"), [(3, "exit code 3"), (-9, "SIGKILL"), (-11, "SIGSEGV"), (-200, "signal 200")]
)
def test_causes_are_told_in_words(code: int, text: str) -> None:
    assert text in processes._cause(code)
