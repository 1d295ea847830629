import hashlib
from pathlib import Path

import pytest

from benchmarks import cell_folder, records


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        *("record.json", "curves.jsonl", "samples/step000001.png", ".record.json.x.tmp", "samples/.a.png.x.tmp"),
        *("checkpoints/step000001.checkpoint", "checkpoints/step000002.checkpoint.damaged-1", "record.json.damaged-1"),
        *("checkpoints/.step000003.checkpoint.x.tmp", "traceback.txt"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_digests_are_of_what_was_written_of_the_cell_alone(folder) -> None:
    expected = ("curves.jsonl", "samples/step000001.png", "traceback.txt")
    assert cell_folder.digests(folder) == {name: hashlib.sha256(name.encode()).hexdigest() for name in expected}


def test_clearing_leaves_what_was_set_aside_and_the_traceback_under_way(folder) -> None:
    cell_folder.clear(folder)
    kept = ["checkpoints/step000002.checkpoint.damaged-1", "record.json.damaged-1", "traceback.txt"]
    assert names(folder) == kept
    assert not (folder / "samples").exists()


def test_tidying_removes_half_written_files_and_nothing_else(folder) -> None:
    before = names(folder)
    cell_folder.tidy(folder)
    assert names(folder) == [name for name in before if not name.endswith(".tmp")]


def test_checkpoints_of_a_finished_cell_go_and_damaged_ones_stay(folder) -> None:
    cell_folder.drop_checkpoints(folder)
    assert [name for name in names(folder) if "checkpoints" in name] == ["checkpoints/step000002.checkpoint.damaged-1"]
    (folder / "checkpoints" / "step000002.checkpoint.damaged-1").unlink()
    cell_folder.drop_checkpoints(folder)
    assert not (folder / "checkpoints").exists()
    cell_folder.drop_checkpoints(folder)


def test_a_damaged_record_is_set_aside_and_a_newer_one_refused(tmp_path) -> None:
    path = tmp_path / "record.json"
    assert cell_folder.status(tmp_path) is None
    records.write_json(path, {"status": "collapsed"})
    assert cell_folder.status(tmp_path) == "collapsed"
    path.write_text("{")
    assert cell_folder.status(tmp_path) is None
    assert (tmp_path / "record.json.damaged-1").read_text() == "{"
    path.write_text('{"schema": 99, "status": "done"}')
    with pytest.raises(records.RecordError, match="newer"):
        cell_folder.status(tmp_path)
    assert path.exists()
