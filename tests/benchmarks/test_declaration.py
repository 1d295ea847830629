"""What is declared before a run stands: margin and target are not changed after the fact."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import records
from benchmarks.declaration import declared
from benchmarks.options import Options, read_options
from gan_losses.errors import UsageError


def options(out: Path, *more: str) -> Options:
    return read_options(["--preset", "smoke", "--out", str(out), *more])


def earlier(out: Path, *more: str, trained: bool = True) -> None:
    made = options(out, *more)
    records.write_json(out / "run.json", {"options": {"equivalence": made.equivalence, "target": made.target}})
    if trained:
        folder = out / "dcgan/digits/controlled/bce/seed0-00000000"
        folder.mkdir(parents=True)
        records.write_json(folder / "record.json", {"status": "done"})


def test_a_margin_and_targets_are_read() -> None:
    assert (read_options([]).equivalence, read_options([]).target) == (0.1, {})
    made = read_options("--equivalence 0.05 --target fid[digits]=9.3,kid[digits]=2e-2 --target a=1".split())
    assert (made.equivalence, made.target) == (0.05, {"fid[digits]": 9.3, "kid[digits]": 0.02, "a": 1.0})


def test_a_suite_file_declares_as_well(tmp_path) -> None:
    (tmp_path / "mine.toml").write_text('equivalence = 0.2\ntarget = ["fid[digits]=9.3", "kid[digits]=0.02"]\n')
    made = read_options(["--preset", str(tmp_path / "mine.toml")])
    assert (made.equivalence, made.target) == (0.2, {"fid[digits]": 9.3, "kid[digits]": 0.02})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("--equivalence 0", "expected a number above 0 and below 1, as in 0.1"),
        ("--equivalence 1", "below 1"),
        ("--equivalence nan", "below 1"),
        ("--target fid", "expected a metric and a value above 0, as in"),
        ("--target =3", "expected a metric and a value above 0"),
        ("--target fid=inf", "expected a metric and a value above 0"),
        ("--target fid=-1", "expected a metric and a value above 0"),
        ("--target fid=1,fid=2", "fid stands more than once"),
    ],
)
def test_what_cannot_be_declared_is_one_sentence(arguments: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence) as caught:
        read_options(arguments.split())
    assert "\n" not in str(caught.value)


def test_the_first_declaration_stands_once_a_cell_is_trained(tmp_path) -> None:
    earlier(tmp_path, "--equivalence", "0.05", "--target", "fid[digits]=9.3")
    told: list[str] = []
    kept = declared(options(tmp_path, "--equivalence", "0.3"), told.append)
    assert (kept.equivalence, kept.target) == (0.05, {"fid[digits]": 9.3})
    assert told == [
        "--equivalence was declared as 0.05 when these cells were trained, and the run keeps it.",
        "--target was declared as fid[digits]=9.3 when these cells were trained, and the run keeps it.",
    ]


def test_a_target_that_was_not_declared_comes_too_late(tmp_path) -> None:
    earlier(tmp_path)
    told: list[str] = []
    assert declared(options(tmp_path, "--target", "fid[digits]=9.3"), told.append).target == {}
    assert told == ["--target was declared as none when these cells were trained, and the run keeps it."]


def test_it_may_be_declared_anew_before_anything_is_trained_or_where_all_is_trained_again(tmp_path) -> None:
    told: list[str] = []
    (tmp_path / "fresh").mkdir()
    earlier(tmp_path / "fresh", "--equivalence", "0.05", trained=False)
    asked = options(tmp_path / "fresh", "--equivalence", "0.3")
    assert declared(asked, told.append) == asked
    earlier(tmp_path, "--equivalence", "0.05")
    forced = replace(asked, out=tmp_path, force=True)
    assert declared(forced, told.append) == forced
    assert told == []


def test_the_same_declaration_and_a_run_from_before_there_were_any_say_nothing(tmp_path) -> None:
    told: list[str] = []
    earlier(tmp_path)
    assert declared(options(tmp_path), told.append) == options(tmp_path)
    records.write_json(tmp_path / "run.json", {"options": {"losses": ["bce"]}})
    asked = options(tmp_path, "--equivalence", "0.2")
    assert declared(asked, told.append) == asked
    assert told == []
