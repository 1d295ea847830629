import json
from math import isnan, log

import numpy as np
import pytest

from benchmarks.records import write_json
from reports import families
from reports.loading import load
from reports.panels import make_panels
from reports.tables import make_tables
from reports.verdicts import judge

FID = "fid[digits]"


def change(folder, pattern, edit):
    for path in folder.glob(f"dcgan/digits/{pattern}/record.json"):
        record = json.loads(path.read_text())
        edit(record)
        write_json(path, record)


def first_panel(folder):
    run = load(folder)
    return run, make_panels(run)[0]


def test_log_quality_is_read_seed_by_seed_and_failures_are_marked(run, run_folder):
    values, present = families.matrix(make_panels(run)[0], FID, "best")
    assert list(values) == ["bce", "lsgan", "wgangp"]
    assert all(all(there) for there in present.values())
    assert [isnan(value) for value in values["lsgan"]] == [False] * 7 + [True]
    [path] = run_folder.glob("dcgan/digits/controlled/bce/seed3-*/record.json")
    fid = json.loads(path.read_text())["quality"]["best"]["metrics"][FID]
    np.testing.assert_allclose(values["bce"][3], log(fid))


def test_the_verdicts_are_the_judges_on_those_values_with_the_untrained_as_the_worst(run):
    panel = make_panels(run)[0]
    values, present = families.matrix(panel, FID, "best")
    expected = judge(
        values, 0.1, log(np.median([100.0 + s for s in [*range(8), *range(7), *range(8)]])), present=present
    )
    assert families.family(run, panel, FID, "best").verdicts == tuple(expected)
    assert expected[0].failed == (0, 1)


def test_skipped_and_unreadable_cells_are_no_failures(make_run):
    statuses = {("controlled", "lsgan", seed): "skipped" for seed in range(2)}
    folder = make_run(("bce", "lsgan"), 8, statuses=statuses, recipes=("controlled",), timed=False)
    next(folder.glob("dcgan/digits/controlled/lsgan/seed5-*/record.json")).write_text("{")
    run, panel = first_panel(folder)
    [verdict] = families.family(run, panel, FID, "best").verdicts
    assert (verdict.n, verdict.failed) == (5, (0, 0))


def test_a_cell_whose_fakes_were_not_finite_failed(make_run):
    folder = make_run(("bce", "lsgan"), 6, recipes=("controlled",), timed=False)
    change(folder, "controlled/lsgan/seed2-*", lambda record: record["quality"]["best"]["metrics"].update({FID: None}))
    run, panel = first_panel(folder)
    [verdict] = families.family(run, panel, FID, "best").verdicts
    assert (verdict.n, verdict.failed) == (6, (0, 1))


def test_a_loss_that_never_ran_is_left_out_and_told(run):
    published = make_panels(run)[1]
    family = families.family(run, published, FID, "best")
    assert family.left_out == ("r3gan",)
    assert {name for verdict in family.verdicts for name in (verdict.first, verdict.second)} == {
        "bce",
        "lsgan",
        "wgangp",
    }
    table = next(table for table in make_tables(run, make_panels(run)) if table.name == "verdicts")
    assert "Not judged on fid[digits]: r3gan (skipped)." in table.markdown


def test_all_cells_failed_is_told_and_no_tie(make_run):
    run, panel = first_panel(make_run(("bce", "lsgan"), 6, failing=True, recipes=("controlled",), timed=False))
    assert families.families(run, panel) == []
    table = next((table for table in make_tables(run, [panel]) if table.name == "verdicts"), None)
    assert table is None


@pytest.mark.parametrize(
    ("stated", "margin", "declared"), [(0.25, 0.25, True), (None, 0.1, False), ("wide", 0.1, False), (-1, 0.1, False)]
)
def test_the_margin_is_the_runs_where_it_declares_one(make_run, stated, margin, declared):
    folder = make_run(("bce", "lsgan"), 6, recipes=("controlled",), timed=False)
    request = json.loads((folder / "run.json").read_text())
    write_json(folder / "run.json", {**request, "options": {**request["options"], "equivalence": stated}})
    run, panel = first_panel(folder)
    family = families.family(run, panel, FID, "best")
    assert (family.margin, family.declared, family.verdicts[0].margin) == (margin, declared, margin)


def test_settings_that_differ_beside_the_loss_are_named(run):
    controlled, published = make_panels(run)
    assert families.differing(controlled, "wgangp", "bce") == {}
    assert families.differing(published, "wgangp", "bce") == {
        "n_critic": ("5", "1"),
        "learning_rate": ("0.0001", "0.0002"),
    }
    frame = next(table for table in make_tables(run, [published]) if table.name == "verdicts").frame
    rows = frame.set_index(["loss", "against", "of"])["differ in"]
    assert rows["bce", "wgangp", "best"] == "n_critic 1 against 5, learning_rate 0.0002 against 0.0001"
    assert rows["bce", "lsgan", "best"] == "the loss alone"


def test_how_the_best_states_were_chosen_is_in_the_table(run):
    assert families.selection(make_panels(run)[0]) == "lowest kid[digits] on validation"
    frame = next(table for table in make_tables(run, make_panels(run)) if table.name == "verdicts").frame
    assert set(frame.selection) == {"lowest kid[digits] on validation"}
    assert set(frame.of) == {"best", "final"}
    assert len(frame) == 2 * 2 * 3


def test_a_kernel_distance_alone_is_judged_by_differences(make_run):
    folder = make_run(("bce", "lsgan"), 6, recipes=("controlled",), timed=False)

    def drop(record):
        for moment in ("best", "final", "untrained"):
            del record["quality"][moment]["metrics"][FID]

    change(folder, "controlled/*/*", drop)
    run, panel = first_panel(folder)
    [best, _] = families.families(run, panel)
    assert (best.metric, best.verdicts[0].logarithmic) == ("kid[digits]", False)
    table = next(table for table in make_tables(run, [panel]) if table.name == "verdicts")
    assert "equivalence is not judged" in table.markdown
    assert set(table.frame.measure) == {"difference"}
