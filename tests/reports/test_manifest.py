"""What a report was made from stands in it, and builds neither disturb each other nor leave anything behind."""

import hashlib
import os
import shutil
import threading
import time

import pytest

from benchmarks.records import read_json
from reports import build as module
from reports import merging
from reports.build import build
from reports.loading import load
from reports.manifest import input_paths
from reports.sharing import alone, sweep

ONE = ("published",)


def digests(folder):
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_manifest_holds_what_was_read_and_what_was_written(make_run, without_figures):
    folder = make_run(("bce",), 1, recipes=ONE)
    before = digests(folder)
    build([folder], folder / "report")
    manifest = read_json(folder / "report" / "manifest.json")
    assert manifest["inputs"] == before
    assert manifest["files"] == {
        name: digest for name, digest in digests(folder / "report").items() if name != "manifest.json"
    }


def test_the_inputs_are_those_of_before_the_reading(make_run, without_figures, monkeypatch):
    folder = make_run(("bce",), 1, recipes=ONE)
    path = next(folder.glob("dcgan/**/record.json"))
    original, before = merging.load, digests(folder)

    def load_then_change(run):
        found = original(run)
        path.write_bytes(path.read_bytes() + b"\n")
        return found

    monkeypatch.setattr(merging, "load", load_then_change)
    build([folder], folder / "report")
    assert read_json(folder / "report" / "manifest.json")["inputs"] == before


def test_files_aside_and_checkpoints_are_no_inputs(make_run):
    folder = make_run(("bce",), 1, recipes=ONE)
    known = input_paths(folder)
    cell = next(folder.glob("dcgan/**/record.json")).parent
    for name in ("record.json.damaged-1", ".x.tmp", "best.safetensors", "checkpoints/step000100.checkpoint"):
        (cell / name).parent.mkdir(exist_ok=True)
        (cell / name).write_text("")
    assert input_paths(folder) == known


def test_leftovers_of_a_killed_build_are_swept_and_those_of_others_stay(make_run, without_figures):
    folder = make_run(("bce",), 1, recipes=ONE)
    for name in (".report.abcd1234", ".report.old.abcd1234"):
        (folder / name / "tables").mkdir(parents=True)
    shutil.move(folder / ".report.old.abcd1234" / "tables", folder / ".report.old.abcd1234" / "report")
    (folder / ".report.lock").touch()
    (folder / ".report.mine").mkdir()
    (folder / ".report.thesis01").mkdir()
    (folder / ".report.thesis01" / "thesis.tex").write_text("precious")
    build([folder], folder / "report")
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == [
        *(".report.mine", ".report.thesis01")
    ]


def test_a_report_that_a_killed_build_had_moved_away_is_put_back(tmp_path):
    former = tmp_path / ".report.old.abcd1234" / "report"
    former.mkdir(parents=True)
    (former / "report.md").write_text("the report")
    sweep(tmp_path / "report", {"report.md"})
    assert (tmp_path / "report" / "report.md").read_text() == "the report"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_one_build_waits_for_the_other(tmp_path):
    inside, most = [], []

    def work():
        with alone(tmp_path / "report"):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 8
    assert list(tmp_path.iterdir()) == []


def test_the_lock_goes_with_a_build_that_fails(make_run, monkeypatch):
    folder = make_run(("bce",), 1, recipes=ONE)

    def fail(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "write", fail)
    with pytest.raises(module.OutputError, match="No space left"):
        build([folder], folder / "report")
    assert [path.name for path in folder.iterdir() if path.name.startswith(".")] == []


def test_a_missing_run_leaves_nothing_behind(tmp_path):
    with pytest.raises(module.RecordError):
        build([tmp_path / "none"], tmp_path / "new" / "report")
    assert list(tmp_path.iterdir()) == []


def test_a_pipe_in_place_of_a_record_is_not_waited_for(make_run):
    folder = make_run(("bce",), 2, recipes=ONE)
    for name in ("record.json", "curves.jsonl"):
        path = next(folder.glob(f"dcgan/**/seed{len(name) % 2}-*/{name}"))
        path.unlink()
        os.mkfifo(path)
    assert [damage.cause for damage in load(folder).damages]
