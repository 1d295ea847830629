import json

import pytest

from benchmarks.records import write_json
from reports.cells import COLUMNS, trained
from reports.document import group_anchor
from reports.loading import load
from reports.merging import load_runs
from reports.panels import make_panels

ONE = ("controlled",)


def test_every_cell_is_listed_once_with_the_way_to_its_record(run_folder, run) -> None:
    panels = make_panels(run)
    rows = trained(run, panels, run_folder / "report")
    assert len(rows) == len(run.cells)
    assert {row.identity for row in rows} == {cell.identity for cell in run.cells}
    for row in rows:
        assert len(row.values) == len(COLUMNS)
        if row.status == "skipped":
            assert (row.link, row.path) == (None, "no record")
        else:
            record = json.loads((run_folder / "report" / row.link).resolve().read_text())
            assert record["id"] == row.identity
            assert (run_folder / row.path).is_file()
    assert {row.group for row in rows} == {group_anchor(panel, loss) for panel in panels for loss in panel.losses}


def test_the_values_are_those_of_the_record(run) -> None:
    rows = {row.identity: row for row in trained(run, make_panels(run))}
    cell = next(cell for cell in run.cells if cell.done and cell.loss == "lsgan")
    metric, best, final, step, minutes = rows[cell.identity].values
    assert metric == "fid[digits]"
    assert float(best) == pytest.approx(cell.metrics("best")["fid[digits]"], rel=5e-3)
    assert float(final) == pytest.approx(cell.metrics("final")["fid[digits]"], rel=5e-3)
    assert (step, minutes) == ("500", "1.00")
    failed = next(cell for cell in run.cells if cell.status == "diverged")
    assert rows[failed.identity].values[1:3] == ["diverged", "diverged"]


def test_a_page_that_lies_elsewhere_has_no_links(run, tmp_path) -> None:
    for place in (None, tmp_path):
        assert all(row.link is None for row in trained(run, make_panels(run), place))


def test_cells_of_several_runs_are_linked_from_the_run_that_holds_the_page(write, tmp_path) -> None:
    first, second = (write(tmp_path / name, (loss,), 1, recipes=ONE) for name, loss in (("a", "bce"), ("b", "lsgan")))
    run = load_runs([first, second])
    rows = trained(run, make_panels(run), first / "report")
    assert [row.loss for row in rows if row.link] == ["bce"]


def test_cells_of_an_earlier_command_are_listed_last_and_without_a_group(make_run, make_cell) -> None:
    folder = make_run(("bce",), 2, recipes=ONE)
    own = next(folder.glob("dcgan/digits/controlled/bce/seed0-*/record.json"))
    record = json.loads(own.read_text())
    older = {**record, "id": "older", "time": {**record["time"], "finished": "2025-01-01T00:00:00+00:00"}}
    place = own.parent.with_name("seed0-00000000")
    place.mkdir()
    write_json(place / "record.json", older)
    run = load(folder)
    rows = trained(run, make_panels(run))
    assert [(row.identity, row.group) for row in rows][-1] == ("older", None)
    assert sum(row.identity == record["id"] for row in rows) == 1
