"""A run that is whole passes; whatever is changed in it is found, and nothing in it can break the check."""

import contextlib
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import cell_folder, records, verification_report
from benchmarks.sealed import write_sealed
from benchmarks.verification import ERROR, NOTE, UNFINISHED
from benchmarks.verify import main, verify
from reports import manifest

ROOT = Path(__file__).parent.parent.parent
TINY = (
    "--preset smoke --losses bce,lsgan --recipe controlled --seeds 0 --steps 4 --eval-every 2 --log-every 2 --width 4 "
    "--batch-size 4 --latents 4 --timing-rounds 2 --device cpu --quiet"
).split()
FLIPS = 60


def python(*arguments: str) -> None:
    done = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A real run. Not to be written into."""
    out = tmp_path_factory.mktemp("verified") / "run"
    python("benchmarks.run", *TINY, "--out", str(out))
    assert main([str(out), "--quiet"]) == 0
    return out


@pytest.fixture
def run(whole, tmp_path) -> Path:
    """A copy of it."""
    return Path(shutil.copytree(whole, tmp_path / "run"))


def cell(run: Path) -> Path:
    return next(records.find_records(run))


def edit(path: Path, **entries: object) -> None:
    """Change a record as only this suite could: with a new seal."""
    records.write_json(path, {**records.read_json(path), **entries})


def found(run: Path, kind: str) -> list[str]:
    return [finding.line for finding in verify(run)[0].of(kind)]


def only(run: Path, kind: str, *words: str) -> None:
    """The run has findings of the kind, and one of them says all of this."""
    lines = found(run, kind)
    assert any(all(word in line for word in words) for line in lines), lines


def test_a_whole_run_passes_and_is_left_as_it_was(whole, capsys):
    before = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in whole.rglob("*") if path.is_file()}
    assert main([str(whole)]) == 0, capsys.readouterr().out
    told = capsys.readouterr().out
    assert "errors:" not in told
    checked = sum(path.stat().st_size for path in before if path.name != ".lock")
    assert f"2 cells, {len([path for path in before if path.name != '.lock'])} files, {checked:,} bytes" in told
    assert before == {
        path: hashlib.sha256(path.read_bytes()).hexdigest() for path in whole.rglob("*") if path.is_file()
    }


def test_quiet_says_nothing(whole, run, capsys):
    assert main([str(whole), "--quiet"]) == 0
    (cell(run) / "best.safetensors").unlink()
    assert main([str(run), "--quiet"]) == 1
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("seed", range(FLIPS))
def test_every_flipped_bit_is_found(whole, seed):
    """All files in turn, at a random place of each; the copy is made good again, so that one serves all."""
    draw = random.Random(seed)
    paths = [
        path for path in sorted(whole.rglob("*")) if path.is_file() and path.name != ".lock" and path.stat().st_size
    ]
    path = paths[(seed * 7) % len(paths)]
    before = path.read_bytes()
    place, bit = draw.randrange(len(before)), draw.randrange(8)
    flipped = bytearray(before)
    flipped[place] ^= 1 << bit
    path.write_bytes(flipped)
    try:
        assert found(whole, ERROR), f"{path.relative_to(whole)}, byte {place}, bit {bit}"
    finally:
        path.write_bytes(before)


def test_a_number_spelled_otherwise_is_found_though_its_seal_holds(run):
    path = cell(run) / "record.json"
    path.write_text(path.read_text().replace('"seed": 0', '"seed":  0'))
    assert records.read_json(path)
    only(run, ERROR, "record.json", "not byte for byte")


def test_a_record_whose_seal_was_taken_away_is_found(run):
    path = cell(run) / "record.json"
    content = json.loads(path.read_text())
    del content["sha256"]
    path.write_text(json.dumps(content, indent=1) + "\n")
    only(run, ERROR, "record.json", "seal is gone")


def test_a_record_of_the_first_schema_is_read_with_a_note(run):
    path = cell(run) / "record.json"
    content = {name: value for name, value in records.read_json(path).items() if name != "files"}
    path.write_text(json.dumps({**content, "schema": 1}))
    only(run, NOTE, "record.json", "older: not sealed")
    assert [line for line in found(run, ERROR) if "other records" not in line] == []


def test_a_newer_schema_is_told_without_a_traceback(run):
    edit(cell(run) / "record.json", schema=records.SCHEMA + 1)
    only(run, ERROR, "record.json", "newer than")


def test_a_lost_file_an_added_one_and_a_changed_one_are_told_apart(run):
    folder = cell(run)
    (folder / "best.safetensors").unlink()
    (folder / "samples" / "step000099.png").write_bytes(b"new")
    (folder / "final.safetensors").write_bytes(b"other")
    only(run, ERROR, "best.safetensors: is gone")
    only(run, ERROR, "step000099.png: is not in the record's list")
    only(run, ERROR, "final.safetensors: is not what was written")


def test_a_record_in_the_folder_of_another_cell_is_found(run):
    first, second = records.find_records(run)
    shutil.copy(first / "record.json", second / "record.json")
    only(run, ERROR, f"{second.relative_to(run)}/record.json: is of {first.relative_to(run)}")


def test_settings_that_do_not_agree_with_the_folder_are_found(run):
    path = cell(run) / "record.json"
    edit(path, settings={**records.read_json(path)["settings"], "steps": 5})
    only(run, ERROR, "does not belong into this folder")


@pytest.mark.parametrize("name", ["../../../../../../secret", "/etc/passwd", "a\0b", "", "samples/../../x"])
def test_a_record_that_names_files_elsewhere_is_not_followed(run, name):
    edit(cell(run) / "record.json", files={name: "0" * 64})
    only(run, ERROR, "names files that cannot lie in its folder")


def test_curves_that_do_not_end_with_the_training_or_go_back_are_found(run):
    first, second = records.find_records(run)
    for folder, keep in ((first, lambda rows: rows[:-1]), (second, lambda rows: rows[::-1])):
        path = folder / "curves.jsonl"
        path.write_bytes(b"".join(keep(path.read_bytes().splitlines(keepends=True))))
        edit(folder / "record.json", files=cell_folder.digests(folder))
    only(run, ERROR, "ends at step 2, the record at 4")
    only(run, ERROR, "line 2 is of step 2, which does not follow")


def test_an_unfinished_cell_is_told_with_the_step_it_goes_on_from(run, capsys):
    folder = cell(run)
    name = folder.relative_to(run).as_posix()
    (folder / "record.json").unlink()
    only(run, UNFINISHED, f"{name}: has no record and no checkpoint; give the run's command again")
    for step in (100, 200, 300):
        path = folder / "checkpoints" / f"step{step:06d}.checkpoint"
        write_sealed(path, {"kind": "checkpoint", "cell": name, "step": step}, b"state")
    path.write_bytes(path.read_bytes()[:-1])
    only(run, UNFINISHED, "latest usable checkpoint is of step 200")
    only(run, ERROR, "step000300.checkpoint", "is damaged")
    write_sealed(path, {"kind": "checkpoint", "cell": "another", "step": 300}, b"state")
    only(run, ERROR, "step000300.checkpoint", "something else")
    assert main([str(run)]) == 1
    shutil.rmtree(folder)
    only(run, UNFINISHED, f"{name}: not begun")


def test_leftovers_are_noted_and_are_no_errors(run):
    folder = cell(run)
    left = [folder / ".record.json.abc.tmp", folder / "record.json.damaged-1", run / ".report.abcdefgh" / "report.md"]
    left += [folder.with_name(f".{folder.name}.lock"), run / "timing" / ".x.tmp"]
    for path in left:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"left")
    notes = found(run, NOTE)
    for path in left:
        name = path.relative_to(run).as_posix().removesuffix("/report.md")
        assert len([line for line in notes if line.startswith(name)]) == 1, (name, notes)
    assert found(run, ERROR) == []


def test_a_report_from_other_records_is_found(run):
    edit(cell(run) / "record.json", reason="another")
    only(run, ERROR, "report: the report was made from other records", "reports.build")


def test_a_changed_report_is_found(run):
    tables = run / "report" / "tables"
    (tables / "quality.csv").write_text("better")
    (tables / "cost.csv").unlink()
    (tables / "mine.csv").write_text("mine")
    only(run, ERROR, "quality.csv: is not what was written")
    only(run, ERROR, "cost.csv: is gone")
    only(run, ERROR, "mine.csv: is no file of the report")


def test_no_report_or_one_without_a_manifest_is_said(run):
    (run / "report" / "manifest.json").unlink()
    only(run, NOTE, "report: older: has no manifest")
    shutil.rmtree(run / "report")
    only(run, NOTE, "report: no report here")
    assert found(run, ERROR) == []


def test_both_packages_mean_the_same_manifest():
    assert verification_report.MANIFEST == manifest.MANIFEST


@pytest.mark.parametrize("made", ["nothing", "file", "empty"])
def test_a_folder_that_is_no_run_is_told_in_a_sentence(tmp_path, capsys, made):
    place = tmp_path / "place"
    {"nothing": lambda: None, "file": place.touch, "empty": place.mkdir}[made]()
    assert main([str(place)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "give the output folder" in told.err


def test_a_pipe_is_not_waited_for(run):
    folder = cell(run)
    for path in (folder / "record.json", folder / "final.safetensors", run / "losses.json"):
        path.unlink()
        os.mkfifo(path)
    only(run, ERROR, "record.json: is no regular file")
    only(run, ERROR, "losses.json: is no regular file")


def test_a_name_with_control_characters_is_printed_harmlessly(run, capsys):
    (cell(run) / "samples" / "a\n\x1b[31m.png").write_bytes(b"x")
    assert main([str(run)]) == 1
    told = capsys.readouterr().out
    assert "a\\n\\x1b[31m.png: is not in the record's list" in told
    assert "\x1b" not in told


def test_records_are_checked_without_torch(run):
    shutil.rmtree(run / "data")
    code = "import sys; from benchmarks.verify import main; code = main(sys.argv[1:]); print('torch' in sys.modules); sys.exit(code)"
    call = [sys.executable, "-W", "error", "-c", code, str(run)]
    done = subprocess.run(call, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "False"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.text(max_size=5)
    | st.sampled_from(["../x", "\ud800", 3000 * "x"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_no_content_whatever_breaks_the_check(whole, data):
    """Entries of any file replaced, and sealed anew, so that the change gets past the seal."""
    paths = [whole / "run.json", whole / "losses.json", whole / "report" / "manifest.json", cell(whole) / "record.json"]
    paths += [*whole.glob("timing/*.json"), *whole.glob("data/*/facts.json")]
    path = data.draw(st.sampled_from(paths))
    before = path.read_bytes()
    content = json.loads(before)
    content[data.draw(st.sampled_from(sorted(content)))] = data.draw(VALUES)
    content.pop("sha256", None)
    try:
        with contextlib.suppress(UnicodeEncodeError):  # of the seal
            path.write_text(json.dumps({**content, "sha256": records.seal(content)}, indent=1) + "\n")
        assert main([str(whole), "--quiet"]) in (0, 1)
    finally:
        path.write_bytes(before)
