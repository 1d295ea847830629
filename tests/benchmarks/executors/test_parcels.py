"""Parcels: what is new goes, what is gone goes away, and a half one never looks whole."""

import os
from pathlib import Path

import pytest

from benchmarks.executors.parcels import Outgoing, Parcel, marks, pack, unpack


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def contents(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in marks(folder)}


def test_a_parcel_holds_what_is_new_or_changed_and_names_all(tmp_path) -> None:
    write(tmp_path, curves="a", samples__one="1")
    outgoing = Outgoing(tmp_path)
    assert outgoing.parcel().files == {"curves": b"a", "samples/one": b"1"}
    write(tmp_path, curves="ab", samples__two="2")
    second = outgoing.parcel()
    assert second.files == {"curves": b"ab", "samples/two": b"2"}
    assert set(second.names) == {"curves", "samples/one", "samples/two"}
    assert outgoing.parcel().files == {}


def test_one_is_due_when_there_is_a_checkpoint_that_was_not_sent(tmp_path) -> None:
    write(tmp_path, curves="a")
    outgoing = Outgoing(tmp_path)
    assert not outgoing.due()
    write(tmp_path, checkpoints__step000001_dot_checkpoint="1")
    assert outgoing.due()
    outgoing.parcel()
    assert not outgoing.due()
    write(tmp_path, checkpoints__step000002_dot_checkpoint="2")
    assert outgoing.due()


def test_what_came_from_home_is_not_sent_back(tmp_path) -> None:
    write(tmp_path, curves="a", checkpoints__step000001_dot_checkpoint="1")
    outgoing = Outgoing(tmp_path, marks(tmp_path))
    assert not outgoing.due()
    assert outgoing.parcel().files == {}


def test_both_sides_are_alike_after_every_parcel(tmp_path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    outgoing = Outgoing(there)
    write(there, curves="a", checkpoints__step000001_dot_checkpoint="1")
    unpack(outgoing.parcel(), here)
    assert contents(here) == contents(there)
    write(there, curves="ab", checkpoints__step000002_dot_checkpoint="2", record="r")
    (there / "checkpoints" / "step000001.checkpoint").unlink()
    unpack(outgoing.parcel(), here)
    assert contents(here) == contents(there)
    (there / "checkpoints" / "step000002.checkpoint").unlink()
    unpack(outgoing.parcel(), here)
    assert contents(here) == contents(there)
    assert not (here / "checkpoints").exists()


def test_what_was_set_aside_as_damaged_and_hidden_files_stay(tmp_path) -> None:
    here = tmp_path / "here"
    write(here, record_dot_json_dot_damaged="no")
    (here / "record.json.damaged-1").write_text("kept")
    (here / ".hidden").write_text("kept")
    unpack(Parcel(("curves",), {"curves": b"a"}), here)
    assert {path.name for path in here.iterdir()} == {"curves", "record.json.damaged-1", ".hidden"}


def test_a_record_and_checkpoints_are_written_after_all_that_they_speak_of(tmp_path, monkeypatch) -> None:
    order: list[str] = []
    monkeypatch.setattr(
        "benchmarks.records.write_bytes", lambda path, content: order.append(path.relative_to(tmp_path).as_posix())
    )
    files = dict.fromkeys(["record.json", "checkpoints/step000001.checkpoint", "curves.jsonl", "samples/a.png"], b"")
    unpack(Parcel(tuple(files), files), tmp_path)
    assert set(order[:2]) == {"curves.jsonl", "samples/a.png"}
    assert order[2:] == ["checkpoints/step000001.checkpoint", "record.json"]


def test_without_a_checkpoint_there_is_nothing_to_go_on_from(tmp_path) -> None:
    write(tmp_path, curves="a")
    assert pack(tmp_path) == Parcel()
    assert pack(tmp_path / "nowhere") == Parcel()
    write(tmp_path, checkpoints__step000010_dot_checkpoint="1", checkpoints__step000002_dot_checkpoint="0")
    packed = pack(tmp_path)
    assert set(packed.files) == set(packed.names)


@pytest.mark.parametrize("name", ["/etc/passwd", "../up", "samples/../../up"])
def test_no_name_leads_out_of_the_folder(tmp_path, name: str) -> None:
    with pytest.raises(ValueError, match="no name in a cell's folder"):
        unpack(Parcel((name,), {name: b""}), tmp_path / "cell")
    assert not (tmp_path / "up").exists()


def test_links_and_pipes_are_left_where_they_are(tmp_path) -> None:
    (tmp_path / "link").symlink_to("/etc/hostname")
    os.mkfifo(tmp_path / "pipe")
    assert marks(tmp_path) == {}
