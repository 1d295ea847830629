import hashlib
import json
from pathlib import Path

import pytest

from benchmarks import records
from benchmarks.capacity.synthetic import multiply
from reports.families import families
from reports.loading import load
from reports.panels import make_panels


@pytest.fixture(scope="module")
def made(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("made") / "run"
    multiply(source, out, 60, seeds=10)
    return out


def test_a_report_reads_every_record_and_has_verdicts_on_them(made: Path) -> None:
    run = load(made)
    assert not run.damages
    assert not run.unrecorded
    assert len(run.cells) == 60
    panels = make_panels(run)
    assert {(panel.data, panel.recipe) for panel in panels} == {
        (data, recipe) for data in ("digits", "digits-2") for recipe in ("controlled", "published")
    }
    judged = [verdict for panel in panels for each in families(run, panel) for verdict in each.verdicts]
    assert {verdict.n for verdict in judged} == {10, 5}
    assert all(verdict.p is not None and verdict.p < 1 for verdict in judged)


def test_ladders_timing_samples_and_real_images_are_found_of_every_data_set(made: Path) -> None:
    run = load(made)
    assert {ladder["data"] for ladder in run.ladders} == {"digits", "digits-2"}
    assert {entry["data"] for timing in run.timings for entry in timing["entries"]} == {"digits", "digits-2"}
    assert sorted(path.name for path in made.glob("real/*")) == ["digits-16.png", "digits-2-16.png"]
    assert all(any(cell.folder.glob("samples/*")) for cell in run.cells)


def test_a_cell_of_the_source_keeps_its_numbers_and_a_further_seed_has_others(source: Path, made: Path) -> None:
    cells = {(cell.data, cell.recipe, cell.loss, cell.seed): cell for cell in load(made).cells}
    for cell in load(source).cells:
        same, other = (
            cells["digits", cell.recipe, cell.loss, cell.seed],
            cells["digits", cell.recipe, cell.loss, cell.seed + 2],
        )
        assert same.quality == cell.quality
        mine, theirs = (each.metrics("best")["fid[digits]"] for each in (cell, other))
        assert 0 < abs(theirs / mine - 1) < 0.5
        assert other.metrics("best")["share[0]"] == cell.metrics("best")["share[0]"]


def test_equal_calls_write_equal_records(source: Path, made: Path, tmp_path: Path) -> None:
    multiply(source, tmp_path / "again", 60, seeds=10)
    names = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    assert names == sorted(
        path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file()
    )
    assert all((made / name).read_bytes() == (tmp_path / "again" / name).read_bytes() for name in names)


def test_every_file_of_a_cell_has_the_digest_that_its_record_names(made: Path) -> None:
    for folder in records.find_records(made):
        files = json.loads((folder / records.RECORD).read_text())["files"]
        assert set(files) == {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")} - {records.RECORD}
        assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == files[name] for name in files)


def test_a_folder_that_is_there_is_left_alone(source: Path, made: Path) -> None:
    with pytest.raises(FileExistsError):
        multiply(source, made, 1)
