import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import records
from benchmarks.records import RecordError


def test_json_comes_back_with_its_schema(tmp_path: Path) -> None:
    records.write_json(tmp_path / "a" / "record.json", {"x": [1, 2.5, None], "y": {"z": "ü"}})
    assert records.read_json(tmp_path / "a" / "record.json") == {
        "schema": records.SCHEMA,
        "x": [1, 2.5, None],
        "y": {"z": "ü"},
    }


def test_what_is_not_finite_becomes_null(tmp_path: Path) -> None:
    records.write_json(tmp_path / "r.json", {"x": [float("nan"), float("inf"), (1.0, -float("inf"))]})
    assert records.read_json(tmp_path / "r.json")["x"] == [None, None, [1.0, None]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is damaged"),
        ("[]", "no schema number"),
        ('{"schema": "1"}', "no schema number"),
        ('{"schema": 999}', "newer than"),
        ("\x00", "is damaged"),
    ],
)
def test_foreign_files_are_refused_in_a_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "r.json").write_text(content)
    with pytest.raises(RecordError, match=sentence):
        records.read_json(tmp_path / "r.json")


def test_a_missing_file_is_a_record_error(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="cannot be read"):
        records.read_json(tmp_path / "r.json")


def test_a_file_is_whole_or_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "r.json"
    records.write_json(path, {"x": 1})

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        records.write_json(path, {"x": 2})
    assert records.read_json(path)["x"] == 1
    assert [file.name for file in tmp_path.iterdir()] == ["r.json"]


def test_a_torn_last_line_of_the_curves_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "curves.jsonl"
    for step in (1, 2):
        with path.open("ab") as file:
            file.write(records.line_of({"step": step, "x": float("nan")}))
    with path.open("a") as file:
        file.write('{"step": 3, "x"')
    assert records.read_curves(path) == [{"step": 1, "x": None}, {"step": 2, "x": None}]
    assert records.read_curves(tmp_path / "none.jsonl") == []


@given(st.text(min_size=1))
def test_slugs_are_safe_names(name: str) -> None:
    slug = records.slug(name)
    assert slug
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-")
    assert not slug.startswith(".") or slug == name


@given(st.text(min_size=1), st.text(min_size=1))
def test_unlike_names_have_unlike_slugs(one: str, two: str) -> None:
    assert (records.slug(one) == records.slug(two)) == (one == two)


def test_dots_cannot_climb() -> None:
    assert records.slug("..") not in (".", "..")
    assert records.slug(".") not in (".", "..")


def test_digests_do_not_depend_on_order_but_on_every_value() -> None:
    settings = {"a": 1, "b": [1, 2], "c": None}
    assert records.digest(settings) == records.digest(dict(reversed(settings.items())))
    assert len({records.digest({**settings, key: "other"}) for key in settings} | {records.digest(settings)}) == 4


def test_records_are_found_in_a_fixed_order(tmp_path: Path) -> None:
    for name in ("b", "a"):
        folder = tmp_path / "dcgan" / "digits" / "published" / name / "seed0-1"
        folder.mkdir(parents=True)
        records.write_json(folder / "record.json", {})
    (tmp_path / "dcgan" / "digits" / "published" / "c" / "seed0-1").mkdir(parents=True)
    assert [folder.parent.name for folder in records.find_records(tmp_path)] == ["a", "b"]
    assert (
        json.loads((tmp_path / "dcgan/digits/published/a/seed0-1/record.json").read_text())["schema"] == records.SCHEMA
    )


def test_a_changed_number_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    records.write_json(path, {"fid": 12.5})
    path.write_text(path.read_text().replace("12.5", "11.5"))
    with pytest.raises(records.DamagedError, match="its sha256 differs"):
        records.read_json(path)


def test_a_record_of_an_older_schema_without_a_seal_is_read(tmp_path: Path) -> None:
    (tmp_path / "record.json").write_text('{"schema": 1, "fid": 12.5}')
    assert records.read_json(tmp_path / "record.json", "fid") == {"schema": 1, "fid": 12.5}


def test_what_is_set_aside_keeps_its_content(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    for content in ("first", "second"):
        path.write_text(content)
        aside = records.set_aside(path)
        assert aside.read_text() == content
        assert not path.exists()
    assert len(list(tmp_path.iterdir())) == 2


def test_leftovers_of_killed_writers_are_swept(tmp_path: Path) -> None:
    records.write_bytes(tmp_path / "samples" / "a.png", b"whole")
    (tmp_path / "samples" / ".a.png.x1.tmp").write_bytes(b"half")
    records.sweep(tmp_path / "samples")
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["a.png"]
