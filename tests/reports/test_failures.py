"""What the report says of cells that went wrong, and of files that could not be read."""

import json
from statistics import median

import numpy as np
import pytest

from benchmarks.records import SCHEMA, RecordError, digest, write_json
from reports import aggregate
from reports.build import build
from reports.document_of import make_document
from reports.loading import load
from reports.page import as_markdown
from reports.panels import make_panels
from reports.statistics import wilson
from reports.summary import paragraph
from reports.tables import make_tables

ONE = ("controlled",)
ENDS = {
    ("controlled", "bce", 1): "collapsed",
    ("controlled", "bce", 2): "stalled",
    ("controlled", "bce", 3): "diverged",
    ("controlled", "lsgan", 0): "failed",
    ("controlled", "lsgan", 1): "skipped",
}


def tables_of(run):
    return {table.name: table for table in make_tables(run, make_panels(run))}


def rows_of(text):
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line[:2] == "| "]


def records_of(folder, loss):
    return sorted(folder.glob(f"dcgan/digits/controlled/{loss}/*/record.json"))


@pytest.fixture(scope="module")
def folder(write, tmp_path_factory):
    """Two losses, six seeds, every status. Not to be written into."""
    folder = write(tmp_path_factory.mktemp("failing") / "run", ("bce", "lsgan"), 6, statuses=ENDS, recipes=ONE)
    next(folder.glob("dcgan/digits/controlled/lsgan/seed0-*")).joinpath("traceback.txt").write_text("Traceback …")
    return folder


@pytest.fixture(scope="module")
def tables(folder):
    return tables_of(load(folder))


def test_the_rate_is_over_the_cells_that_ran(tables):
    frame = tables["rates"].frame.set_index("loss")
    assert list(frame.loc["bce", ["cells", "done", "collapsed", "stalled", "diverged", "ran", "went wrong"]]) == [
        *(6, 3, 1, 1, 1, 6, 3)
    ]
    row = frame.loc["lsgan"]
    assert [row[name] for name in ("cells", "failed", "skipped", "ran", "went wrong")] == [6, 1, 1, 5, 1]
    assert row["failure rate"] == 0.2
    np.testing.assert_allclose([row["rate low"], row["rate high"]], wilson(1, 5))
    assert rows_of(tables["rates"].markdown)[3][-1] == "1 of 5: 20% [4%, 62%]"


def test_a_loss_of_which_nothing_ran_has_no_rate(make_run):
    run = load(make_run(("bce", "lsgan"), 1, statuses={("controlled", "lsgan", 0): "skipped"}, recipes=ONE))
    assert rows_of(tables_of(run)["rates"].markdown)[-1][-1] == "no cell ran"


def test_every_status_is_explained_beside_the_rates(tables):
    for status in ("done", "collapsed", "stalled", "diverged", "failed"):
        assert f"`{status}`: " in tables["rates"].note
    assert "not counted" in tables["rates"].note


def test_collapsed_and_stalled_cells_stand_in_medians_and_pairs(folder, tables):
    records = [json.loads(path.read_text()) for path in records_of(folder, "bce")]
    fids = [record["quality"]["best"]["metrics"]["fid[digits]"] for record in records if "quality" in record]
    assert len(fids) == 5
    frame = tables["quality"].frame.set_index("loss")
    assert frame.loc["bce", "best fid[digits]"] == median(fids)
    assert frame.loc["bce", "cells"] == "5 of 6 (1 collapsed, 1 stalled, 1 diverged)"
    assert aggregate.compare(make_panels(load(folder))[0], "lsgan", "fid[digits]").pairs == 3  # seeds 2, 4 and 5
    assert "would flatter a loss that collapses" in tables["quality"].note
    assert "1: " in tables["seeds"].markdown
    assert "(collapsed)" in tables["seeds"].markdown


def test_the_summary_names_cells_that_went_wrong(folder):
    run = load(folder)
    text = paragraph(run, make_panels(run)[0])
    assert "9 of 12 cells were trained to the end; not: bce 1, lsgan 2." in text
    assert "went wrong, and are counted in what follows: bce 1 collapsed, bce 1 stalled." in text


def test_step_cause_and_traceback_of_every_failure_are_named(tables):
    frame = tables["failures"].frame.set_index("status")
    assert list(frame.loc["collapsed", ["step", "cause", "details"]]) == [
        *(490, "collapse: collapse, as the test asks", "no traceback")
    ]
    assert frame.loc["failed", "details"].endswith("/traceback.txt")
    assert frame.loc["failed", "details"].startswith("dcgan/digits/controlled/lsgan/seed0-")


def test_interrupted_cells_are_counted_once(make_run):
    folder = make_run(("bce",), 3, recipes=ONE)
    assert "after a break" not in tables_of(load(folder))["settings"].note
    for path, resumed in zip(records_of(folder, "bce"), (2, 1, 0), strict=True):
        record = json.loads(path.read_text())
        write_json(path, {**record, "time": {**record["time"], "resumed": resumed}})
    note = tables_of(load(folder))["settings"].note
    assert note.endswith(" 2 cells went on after a break; their times are the sum of the parts.")


def damage(path):
    path.write_bytes(path.read_bytes()[:-20] + b"x" + path.read_bytes()[-19:])


def test_a_damaged_record_costs_its_cell_and_not_the_report(make_run, without_figures):
    folder = make_run(("bce", "lsgan"), 2, recipes=ONE)
    path = records_of(folder, "lsgan")[0]
    damage(path)
    page = (build([folder], folder / "report") / "report.md").read_text()
    name = path.relative_to(folder).as_posix()
    line = next(line for line in page.splitlines() if line.startswith(f"| {name}"))
    assert "| unreadable |" in line
    assert "python -m benchmarks.verify run" in line
    assert str(folder) not in page
    rates = tables_of(load(folder))["rates"].frame.set_index("loss")
    assert list(rates.loc["lsgan", ["cells", "done", "unreadable", "ran"]]) == [2, 1, 1, 1]
    assert "1 of 2 (1 unreadable)" in page


def test_a_run_whose_records_are_all_damaged_has_a_report_that_says_so(make_run):
    folder = make_run(("bce",), 2, recipes=ONE)
    for path in records_of(folder, "bce"):
        path.write_text("{")
    text = (build([folder], folder / "report") / "report.md").read_text()
    assert sum(line.startswith("| dcgan/") and "| unreadable |" in line for line in text.splitlines()) == 2


def test_damaged_curves_are_listed_and_read_up_to_there_and_a_torn_end_is_not(make_run):
    folder = make_run(("bce",), 2, recipes=ONE)
    first, second = (path.parent / "curves.jsonl" for path in records_of(folder, "bce"))
    lines = first.read_text().splitlines(keepends=True)
    first.write_text("".join([*lines[:3], '{"step": \n', *lines[4:]]))
    second.write_text(second.read_text()[:-30])
    run = load(folder)
    assert [(damage.path, damage.cause) for damage in run.damages] == [
        (first.relative_to(folder).as_posix(), "line 4 is no JSON")
    ]
    assert [len(cell.curves) for cell in run.cells if cell.curves] == [3, len(lines) - 1]


@pytest.mark.parametrize("content", [b"\xff\xfe", b'[1]\n{"step": 1}\n', b'{"step": "x"}\n', b"[" * 10**5])
def test_curves_that_are_none_are_listed(make_run, content):
    folder = make_run(("bce",), 1, recipes=ONE)
    (records_of(folder, "bce")[0].parent / "curves.jsonl").write_bytes(content + b"\n")
    build_tables = tables_of(load(folder))["failures"].frame
    assert "unreadable" in set(build_tables.status)


@pytest.mark.parametrize("name", ["timing/test-cpu.json", "ladders/digits-16-digits.json", "losses.json", "run.json"])
def test_other_damaged_files_are_listed_and_left_out(make_run, name):
    folder = make_run(("bce",), 1, recipes=ONE)
    damage(folder / name)
    run = load(folder)
    assert [damage.path for damage in run.damages] == [name]
    page = as_markdown(make_document(run, make_panels(run), make_tables(run, make_panels(run)), []))
    assert f"| {name} | unreadable |" in page


@pytest.mark.parametrize("name", ["timing/test-cpu.json", "losses.json", "run.json"])
def test_a_newer_schema_of_any_file_is_refused(make_run, name):
    folder = make_run(("bce",), 1, recipes=ONE)
    path = folder / name
    path.write_text(path.read_text().replace(f'"schema": {SCHEMA}', f'"schema": {SCHEMA + 1}'))
    with pytest.raises(RecordError, match="newer"):
        load(folder)


def test_a_run_of_the_first_schema_has_a_report_too(make_run, without_figures):
    folder = make_run(("bce", "lsgan"), 1, recipes=ONE)
    for path in folder.rglob("*.json"):
        content = json.loads(path.read_text())
        content.pop("sha256")
        path.write_text(json.dumps({**content, "schema": 1}))
    assert "| unreadable |" not in (build([folder], folder / "report") / "report.md").read_text()
    assert tables_of(load(folder))["rates"].frame.done.sum() == 2


def test_an_unreadable_cell_is_known_by_the_name_that_its_folder_stands_for(make_run):
    folder = make_run(("bce", "my loss"), 2, recipes=ONE)
    path = next(folder.glob("dcgan/digits/controlled/my-loss-*/seed1-*/record.json"))
    path.write_text("")
    run = load(folder)
    assert {cell.loss for cell in run.cells if cell.status == "unreadable"} == {"my loss"}
    assert digest({}) not in path.parent.name
