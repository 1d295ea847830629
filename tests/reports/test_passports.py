import re

import pytest

from benchmarks.records import read_json, write_json
from reports import ladders
from reports.document_of import make_document
from reports.guide import reading
from reports.loading import load
from reports.numbering import Numbering, passport_of
from reports.page import as_markdown
from reports.panels import make_panels
from reports.passports import against, differing, flat
from reports.summary import paragraph
from reports.tables import make_tables
from tests.reports.conftest import PASSPORT
from tests.reports.variants import add_metrics, change, rows_of, state_passport, tables_of

ONE = ("controlled",)
LOSSES = ("bce", "lsgan", "wgangp")
CLIP = {**PASSPORT, "extractor": "clip", "weights_digest": "c1"}


def panels_of(run):
    """Those of the recipe that was run; the synthetic run skips a cell of another."""
    return [panel for panel in make_panels(run) if panel.recipe == "controlled"]


@pytest.fixture(scope="module")
def unlike(tmp_path_factory, write):
    """lsgan was scored with more fakes, and wgangp by a version that states torch; bce has three seeds of either n."""
    folder = write(tmp_path_factory.mktemp("unlike") / "run", LOSSES, 6, recipes=ONE, timed=False)
    change(folder, add_metrics(lambda value: {"recall[digits]": 1 / value}))
    change(folder, state_passport(n_fake=1000), loss="lsgan")
    change(folder, state_passport(torch="2.13.0"), loss="wgangp")
    change(folder, state_passport(n_fake=1000), loss="bce", seed="[345]")
    return load(folder)


@pytest.fixture(scope="module")
def further(tmp_path_factory, write):
    """Every cell was scored in the features of clip, too."""
    folder = write(tmp_path_factory.mktemp("further") / "run", LOSSES, 6, recipes=ONE, timed=False)
    change(folder, state_passport(further=[CLIP]))
    change(folder, add_metrics(lambda value: {"fid[clip]": 3 * value}))
    rows = [{"name": "real against real", "n": 360, "metrics": {"fid[clip]": {"mean": 0.7, "spread": 0.1}}}]
    write_json(folder / "ladders" / "digits-16-clip.json", {"data": "digits", "passport": CLIP, "rows": rows})
    return load(folder)


def test_cells_of_unlike_passports_are_in_panels_of_their_own(unlike):
    panels = panels_of(unlike)
    losses = {panel.note: {loss: len(panel.of(loss)) for loss in panel.losses} for panel in panels}
    assert losses == {
        "n_fake 1000, torch not stated": {"bce": 3, "lsgan": 6},
        "n_fake 360, torch not stated": {"bce": 3},
        "n_fake 360, torch 2.13.0": {"wgangp": 6},
    }
    assert all(panel.own_passport for panel in panels)


def test_no_column_of_a_csv_file_holds_values_of_two_passports(unlike):
    tables = tables_of(unlike)
    for name in ("quality", "seeds"):
        frame = tables[name].frame
        measured = [column for column in frame if re.search(r"fid|kid|recall|copy_rate", str(column))]
        assert len(measured) >= 18
        for column in measured:
            holders = frame[frame[column].map(lambda value: isinstance(value, float))]
            assert set(holders.passport) == {re.search(r"\(passport (\d)\)$", column)[1]}, (name, column)
    for name in ("comparisons", "ladder"):
        assert set(tables[name].frame.columns) >= {"passport"}


def test_losses_with_unlike_passports_are_not_compared(unlike):
    frame = tables_of(unlike)["comparisons"].frame
    assert set(frame.loss) == {"lsgan"}
    assert set(frame.pairs) == {3}


def test_a_footnote_says_what_keeps_values_out_of_a_column(unlike):
    (text,) = re.findall(
        r"#### [^\n]*n_fake 360, torch 2\.13\.0\)\n.*?(?=####|$)", tables_of(unlike)["quality"].markdown, re.S
    )
    numbering = Numbering(panels_of(unlike))
    assert [passport["n_fake"] for passport in numbering.passports] == [1000, 360, 360]
    assert (
        "Not in one column with passport 1 because n_fake differs: 360 against 1,000; torch differs: 2.13.0 against not stated."
        in text
    )
    assert "Not in one column with passport 3 because torch differs: 2.13.0 against not stated." in text
    assert "with passport 2" not in text


def test_the_page_explains_the_numbers_where_there_are_several(unlike, run):
    assert "**Passports.**" in reading(panels_of(unlike))
    assert "**Passports.**" not in reading(panels_of(run))
    assert not any("(passport" in table.markdown + table.csv() for table in tables_of(run).values())


def test_every_table_of_unlike_passports_names_its_passport(unlike):
    tables = tables_of(unlike)
    headings = [row for row in rows_of(tables["quality"].markdown) if row[:2] == ["loss", "cells"]]
    assert [row[2] for row in headings[:3]] == [f"best fid[digits] (passport {number})" for number in (1, 2, 3)]
    assert {row[1] for row in rows_of(tables["seeds"].markdown) if row[0] == "wgangp"} == {
        "fid[digits] (passport 2)",
        "kid[digits] (passport 2)",
    }
    assert rows_of(tables["comparisons"].markdown)[2][2] == "fid[digits] (passport 1)"
    assert "features digits (passport 3)" in tables["ladder"].markdown
    rows = {row[0]: row[1:] for row in rows_of(tables["passports"].markdown)}
    assert rows["passport"] == ["1", "2", "3"]
    assert rows["n_fake"] == ["1000", "360", "360"]
    assert rows["torch"] == ["none", "2.13.0", "none"]


def test_factorial_and_untrained_rows_are_of_one_passport(make_run):
    folder = make_run(("bce", "bce+gp"), 2, recipes=ONE, timed=False)
    change(folder, state_passport(n_fake=1000), seed="1")
    tables = tables_of(load(folder))
    assert set(tables["factorial"].frame.passport) == {"1", "2"}
    assert "fid[digits] (passport 2)" in tables["factorial"].markdown
    frame = tables["ladder"].frame
    untrained = frame[(frame.row == "untrained generator") & (frame.metric == "fid[digits]")]
    assert [tuple(row) for row in untrained[["passport", "n", "value"]].to_numpy()] == [
        ("1", 1000, 101.0),
        ("2", 360, 100.0),
    ]


def test_distances_of_other_numbers_of_images_are_no_floor(unlike):
    more, stated, as_many = panels_of(unlike)
    assert ladders.floor_of(unlike, as_many, "fid[digits]") == 1.2
    assert ladders.floor_of(unlike, stated, "fid[digits]") == 1.2
    assert ladders.floor_of(unlike, more, "fid[digits]") is None
    assert "floor" not in paragraph(unlike, more)
    assert "The run's ladders are of other features or numbers of images" in tables_of(unlike)["ladder"].markdown


@pytest.mark.parametrize(
    ("entries", "fits"),
    [({"n_fake": 540}, True), ({"n_fake": 541}, False), ({"n_real": 361}, False), ({"neighbours": "k = 3"}, True)],
)
def test_a_ladder_fits_numbers_that_are_near(make_run, entries, fits):
    folder = make_run(("bce",), 1, recipes=ONE, timed=False)
    change(folder, state_passport(**entries))
    path = folder / "ladders" / "digits-16-digits.json"
    ladder = read_json(path)
    write_json(path, {**ladder, "passport": {**ladder["passport"], "neighbours": "k = 5"}})
    run = load(folder)
    assert bool(ladders.ladders_of(run, panels_of(run)[0])) == fits


def test_further_features_have_a_passport_and_a_ladder_of_their_own(further):
    tables, (panel,) = tables_of(further), panels_of(further)
    assert (panel.note, panel.own_passport) == ("", False)
    rows = {row[0]: row[1:] for row in rows_of(tables["passports"].markdown)}
    assert rows["extractor"] == ["digits", "clip"]
    assert rows["weights_digest"] == ["none", "c1"]
    assert rows["best chosen by"] == ["lowest kid[digits] on validation", "other features"]
    assert "further" not in rows
    assert "those of further features too" in tables["passports"].note
    columns = list(tables["quality"].frame.columns)
    assert {"best fid[digits] (passport 1)", "best fid[clip] (passport 2)", "copy_rate (passport 1)"} <= set(columns)
    assert ladders.floor_of(further, panel, "fid[clip]") == 0.7
    assert ladders.floor_of(further, panel, "fid[digits]") == 1.2
    first = next(row for row in rows_of(tables["ladder"].markdown) if row[0] == "real against real")
    assert first[:3] == ["real against real", "360", "1.20 ± 0.120"]
    assert "0.700 ± 0.100" in first


def test_cells_whose_further_passports_differ_are_kept_apart(make_run):
    folder = make_run(("bce", "lsgan"), 1, recipes=ONE, timed=False)
    change(folder, state_passport(further=[CLIP]))
    change(folder, state_passport(further=[{**CLIP, "n_fake": 100}]), loss="lsgan")
    run = load(folder)
    panels = panels_of(run)
    assert sorted((panel.note, panel.losses) for panel in panels) == [
        ("clip n_fake 100", ("lsgan",)),
        ("clip n_fake 360", ("bce",)),
    ]
    text = tables_of(run)["quality"].markdown
    assert "Not in one column with passports 1, 3 because clip n_fake differs: 100 against 360." in text
    assert [passport["extractor"] for passport in Numbering(panels).passports] == ["digits", "clip", "clip"]


def test_a_metric_without_brackets_is_of_the_features_that_no_other_names(make_run):
    folder = make_run(("bce",), 1, recipes=ONE, timed=False)
    change(folder, state_passport(further=[{**PASSPORT, "extractor": "inception"}]))
    change(folder, add_metrics(lambda value: {"fid": 2 * value, "recall": 0.5}))
    (panel,) = panels_of(load(folder))
    owners = {name: passport_of(panel, name)["extractor"] for name in ("fid", "recall", "fid[digits]", "copy_rate")}
    assert owners == {"fid": "inception", "recall": "inception", "fid[digits]": "digits", "copy_rate": "digits"}
    change(folder, lambda record: record["quality"]["passport"].pop("further"))
    change(folder, state_passport(extractor="inception"))
    (panel,) = panels_of(load(folder))
    assert passport_of(panel, "fid")["extractor"] == "inception"


def test_without_a_passport_there_is_nothing_to_number(make_run):
    run = load(make_run(("bce",), 1, recipes=ONE, failing=True, timed=False))
    (panel,) = panels_of(run)
    numbering = Numbering([panel])
    assert (numbering.passports, numbering.named(panel), numbering.label(panel, "fid")) == ([], "no passport", "fid")


def test_extractors_of_one_name_do_not_hide_each_other():
    one, other = (
        {"extractor": "a", "further": [{"extractor": "b", "n": n}, {"extractor": "b", "n": 3}]} for n in (1, 2)
    )
    assert differing(flat(one), [flat(other)]) == ["b n"]
    assert against(one, other) == "b n differs: 1 against 2"


def test_a_split_that_is_not_test_is_said(make_run):
    folder = make_run(("bce",), 1, recipes=ONE, timed=False)
    assert "split is not" not in tables_of(load(folder))["quality"].note
    change(folder, state_passport(split="train"))
    assert "split is not `test`" in tables_of(load(folder))["quality"].note


def test_every_unlike_passport_is_named_once_in_a_page(unlike):
    panels = make_panels(unlike)
    text = as_markdown(make_document(unlike, panels, make_tables(unlike, panels), []))
    assert text.count("Not in one column with") == 6
