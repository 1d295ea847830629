import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from benchmarks.records import STATUSES, slug, write_json
from reports.families import family
from reports.lines import lines_of
from reports.loading import load
from reports.panels import make_panels
from reports.statistics import sign_flip_interval, spread
from reports.summary import paragraph
from reports.tables import cost, make_tables
from reports.text import escape, local, markdown, number

LAZY = "r1:10:every=4"
HOSTILE = "a|b<c>*d*`e`\n# $f_ [x](http://y)"


def tables_of(run):
    return {table.name: table for table in make_tables(run, make_panels(run))}


@pytest.fixture(scope="module")
def tables(run):
    return tables_of(run)


@pytest.fixture(scope="module")
def crossed_tables(crossed):
    return tables_of(crossed)


def rows_of(text):
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("| ")
    ]


@pytest.mark.parametrize("kind", ["tables", "crossed_tables"])
def test_every_csv_is_read_back_without_a_blank(kind, request):
    for table in request.getfixturevalue(kind).values():
        frame = pd.read_csv(io.StringIO(table.csv()), keep_default_na=False)
        assert list(frame.columns) == list(table.frame.columns)
        for name in set(frame.columns) - {"note"}:
            assert not (frame[name].astype(str).str.strip() == "").any(), (table.name, name)


def test_quality_counts_and_medians(tables, run_folder):
    frame = tables["quality"].frame.set_index(["recipe", "loss"])
    names = [*STATUSES, "unreadable", "cells"]
    assert list(frame.loc[("controlled", "lsgan"), names]) == [7, 0, 0, 1, 0, 0, 0, "7 of 8 (1 diverged)"]
    assert list(frame.loc[("published", "bce"), names]) == [7, 0, 0, 0, 1, 0, 0, "7 of 8 (1 failed)"]
    assert frame.loc[("published", "wgangp"), "cells"] == "8 of 8"
    values = [
        json.loads(path.read_text())["quality"]["final"]["metrics"]["fid[digits]"]
        for path in run_folder.glob("dcgan/digits/controlled/wgangp/*/record.json")
    ]
    np.testing.assert_allclose(frame.loc[("controlled", "wgangp"), "final fid[digits]"], np.median(values))
    np.testing.assert_allclose(
        frame.loc[("controlled", "wgangp"), "share of ceiling fid[digits]"], np.median(values) / 1.1 / 103
    )
    assert frame.loc[("controlled", "bce"), "worst class share"] == pytest.approx(0.09)
    assert frame.loc[("published", "r3gan"), "best fid[digits]"] == "skipped"


def test_failed_cells_stand_in_the_tables(tables):
    seeds = tables["seeds"].frame
    failed = seeds[(seeds.recipe == "published") & (seeds.loss == "bce") & (seeds.seed == 2)].iloc[0]
    assert failed["status"] == failed["best fid[digits]"] == "failed"
    assert "7: diverged" in tables["seeds"].markdown
    causes = tables["failures"].frame.set_index("status").cause
    assert causes["failed"] == "OSError: no …/y.png"
    assert causes["skipped"] == "batch norm mixes samples"
    assert causes["diverged"] == "not finite: not finite, as the test asks"
    assert tables["failures"].frame.set_index("status").step["diverged"] == 240


def test_planned_cells_without_a_record_stand_in_the_failures(make_run):
    folder = make_run(("bce",), 1)
    write_json(folder / "run.json", {"cells": ["dcgan/digits/controlled/bce/seed9-00000000"]})
    frame = tables_of(load(folder))["failures"].frame
    assert list(frame.status) == ["not run"]


def test_the_cost_table_is_in_milliseconds(tables, run_folder):
    frame = tables["cost"].frame.set_index(["recipe", "loss"])
    entries = json.loads((run_folder / "timing" / "test-cpu.json").read_text())["entries"]
    wall = next(entry["wall"] for entry in entries if (entry["recipe"], entry["loss"]) == ("published", "wgangp"))
    row = frame.loc[("published", "wgangp")]
    np.testing.assert_allclose(row["wall ms"], 1e3 * np.median(wall))
    np.testing.assert_allclose(row["wall ms upper quartile"], 1e3 * np.quantile(wall, 0.75))
    np.testing.assert_allclose(row["ratio"], 4.5)
    assert row["device ms"] == "no GPU"
    assert row["threads"] == 2
    np.testing.assert_allclose(row["discriminator ms"], 1e3 * np.median(wall) * 2.5 / 3.0)
    assert "Test CPU, threads: 2" in tables["cost"].markdown


def test_without_a_timing_record_every_loss_is_not_timed(make_run):
    text = tables_of(load(make_run(("bce", "lsgan"), 1, timed=False)))["cost"].markdown
    assert rows_of(text)[2] == ["bce", *["not timed"] * 5]


def test_a_disturbed_timing_pass_is_said_out_loud(make_run):
    folder = make_run(("bce",), 1)
    path = folder / "timing" / "test-cpu.json"
    write_json(path, {**json.loads(path.read_text()), "disturbed": True})
    assert "do not quote" in tables_of(load(folder))["cost"].markdown


def test_the_ladder_ends_with_the_untrained_generator(tables):
    frame = tables["ladder"].frame
    fids = frame[frame.metric == "fid[digits]"]
    assert list(fids.row) == ["real against real", "real without one class", "copycat", "noise", "untrained generator"]
    untrained = [100.0 + seed for seed in range(8)] * 6
    for seed in (107.0, 102.0):
        untrained.remove(seed)
    assert fids.value.iloc[-1] == np.median(untrained)
    assert fids.spread.iloc[-1] == "median of 46 cells"


def test_saturation_is_early_and_late_over_the_cells(tables, run_folder):
    frame = tables["saturation"].frame.set_index(["recipe", "statistic", "loss"])
    early = [
        json.loads(path.read_text())["saturation"]["image"]["log_slope"]["early"]
        for path in run_folder.glob("dcgan/digits/controlled/bce/*/record.json")
    ]
    row = frame.loc[("controlled", "log_slope", "bce")]
    np.testing.assert_allclose([row.early, row.late], [np.median(early), 0.5])
    assert frame.loc[("published", "decades_lost", "r3gan")].late == "skipped"


def test_settings_that_differ_stand_in_a_table_of_their_own(tables):
    text = tables["settings"].markdown
    published = text[text.index("recipe published: what differs") :]
    differing, shared = published.split("shared by all losses")
    assert ["n_critic", "1", "1", "5"] in rows_of(differing)
    assert ["learning_rate", "0.0002", "0.0002", "0.0001"] in rows_of(differing)
    assert ["batch_size", "64"] in rows_of(shared)


def test_one_row_per_distinct_passport(tables):
    assert len(tables["passports"].frame) == 1


def test_a_hostile_name_breaks_no_table(make_run):
    tables = tables_of(load(make_run(("bce", HOSTILE, f"{HOSTILE}+gp"), 2)))
    assert "factorial" in tables
    for table in tables.values():
        widths = []
        for line in [*table.markdown.splitlines(), ""]:
            if line.startswith("|"):
                widths.append(len(line.replace(r"\|", "").strip("|").split("|")))
            else:
                assert len(set(widths)) <= 1, (table.name, widths)
                widths = []
        assert "<c>" not in table.markdown
        assert "\n# $f" not in table.markdown
        assert not re.search(r"(?<!\\)\]\(", table.markdown)
    assert r"a\|b&lt;c&gt;\*d\*\`e\`" in tables["quality"].markdown
    assert HOSTILE in set(pd.read_csv(io.StringIO(tables["quality"].csv())).loss)


def test_escaped_text_is_one_line_without_markup():
    assert escape("a\\b") == "a\\\\b"
    assert escape("_x_ real_logit") == r"\_x\_ real_logit"
    assert markdown(["x"], [["a\nb"]]).count("\n") == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/me/run", "…/run"),
        ("images:/tmp/a b", "images:…/a b"),
        ("at C:\\Users\\me\\x.py", "at …\\x.py"),
        ("~/runs/x", "…/x"),
        ("dcgan/digits/published", "dcgan/digits/published"),
        ("G / D", "G / D"),
    ],
)
def test_absolute_paths_are_shortened(text, expected):
    assert local(text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(9.996, "10.0"), (0.00012345, "0.000123"), (999_999, "1.00e+06"), (-12.34, "-12.3"), (float("nan"), "none")],
)
def test_numbers_have_three_digits(value, expected):
    assert number(value) == expected


def test_the_summary_says_no_more_than_the_numbers(make_run, make_cell):
    run = load(make_run(("bce", "lsgan"), 3))
    [text] = [line.words for line in lines_of(run, make_panels(run)[0])]
    assert text.startswith("controlled: bce and lsgan have too few seeds for a verdict on fid[digits] (ratio ")
    assert "better" not in text + paragraph(run, make_panels(run)[0])


def test_no_difference_is_not_called_equal(make_run):
    folder = make_run(("bce", "lsgan"), 6)
    for path in folder.glob("dcgan/digits/controlled/*/*/record.json"):
        record = json.loads(path.read_text())
        sign = 1 if (record["cell"]["seed"] % 2 == 0) == (record["cell"]["loss"] == "bce") else -1
        record["quality"]["best"]["metrics"]["fid[digits]"] = 10.0 + sign
        write_json(path, record)
    run = load(folder)
    [text] = [line.words for line in lines_of(run, make_panels(run)[0])]
    assert text.startswith("controlled: undecided between bce and lsgan on fid[digits] (ratio 1.00 [")
    assert "equivalent" not in text


def test_many_losses_are_told_together_by_who_is_better(make_run):
    losses = ("bce", "bce+r1", "bce+gp", "bce+lp", "lsgan", "lsgan+r1", "wgangp", "wgangp+gp")
    run = load(make_run(losses, 10, recipes=("controlled",), timed=False))
    lines = [line.words for line in lines_of(run, make_panels(run)[0])]
    [best] = [line for line in lines if line.startswith("controlled: lsgan+r1 is better on fid[digits] than ")]
    assert re.search(r"wgangp\+gp \((ratio )?0\.\d+\)", best)
    assert not any(line.startswith("controlled: wgangp+gp is better") for line in lines)
    words = [verdict.word for verdict in family(run, make_panels(run)[0], "fid[digits]", "best").verdicts]
    assert lines[-1].startswith(
        f"controlled: of 28 pairs on fid[digits]: {words.count('undecided')} undecided (could have seen 1."
    )
    assert sum(len(re.findall(r"\((?:ratio )?0\.", line)) for line in lines) == words.count("better") + words.count(
        "worse"
    )


def test_the_summary_of_the_run(run):
    controlled, published = (paragraph(run, panel) for panel in make_panels(run))
    assert "speaks of losses" in controlled
    assert "speaks of recipes" in published
    lines = [line.words for line in lines_of(run, make_panels(run)[0])]
    assert len(lines) == 3
    assert re.match(r"controlled: bce is better than wgangp on fid\[digits\] \(ratio 0\.803 \[", lines[1])
    assert "failed, and counted as the worst: 1 of lsgan; the survivors alone: worse, ratio 1.33, n = 7" in lines[0]
    assert "Beside the loss differ" not in controlled
    assert "bce and wgangp, lsgan and wgangp in n_critic 1 against 5, learning_rate 0.0002 against 0.0001." in published
    assert "*Final state:* the same verdict for every pair." in controlled
    assert "wgangp 4.50 × [4.50, 4.50]" in published


def fids(folder, loss):
    paths = folder.glob(f"dcgan/digits/controlled/{slug(loss)}/*/record.json")
    records = [record for record in (json.loads(path.read_text()) for path in paths) if record["status"] == "done"]
    return {record["cell"]["seed"]: record["quality"]["best"]["metrics"]["fid[digits]"] for record in records}


def test_losses_times_penalties_stand_right_after_the_comparisons(crossed_tables, tables):
    names = list(crossed_tables)
    assert names.index("factorial") == names.index("comparisons") + 1
    assert [name for name in names if name != "factorial"] == list(tables)


def test_the_cross_shows_quality_beside_cost(crossed_tables, crossed_folder):
    rows = rows_of(crossed_tables["factorial"].markdown)
    lines = {row[0]: row[1:] for row in rows[2:5]}
    assert rows[0] == ["loss", "none", f"+{LAZY}", "+gp"]
    middle, lower, upper = (number(value) for value in spread(list(fids(crossed_folder, "bce").values())))
    assert lines["bce"][0] == f"{middle} [{lower}, {upper}]; 1.00 ×"
    # 0.5 dearer at every 4th step: 1 + 0.5 / 4, which a median over all steps would not show.
    assert lines["bce"][1].endswith("; 1.12 ×")
    assert lines["bce"][2].endswith("; 1.50 ×; 6 of 7 (1 diverged) seeds")
    assert lines["lsgan"][2] == "skipped"
    assert lines["hinge"][0] == "no cell"
    assert "wgangp" not in lines
    frame = crossed_tables["factorial"].frame.set_index("loss")
    assert frame.loc[f"bce+{LAZY}", "step time ratio"] == pytest.approx(1.125)
    np.testing.assert_allclose(frame.loc["bce+gp", "best"], np.median(list(fids(crossed_folder, "bce+gp").values())))


def test_a_penalty_is_compared_with_the_same_loss_without_it(crossed_tables, crossed_folder):
    alone, penalised = (fids(crossed_folder, name) for name in ("lsgan", f"lsgan+{LAZY}"))
    logs = np.log([penalised[seed] / alone[seed] for seed in range(7)])
    row = crossed_tables["factorial"].frame.set_index("loss").loc[f"lsgan+{LAZY}"]
    assert (row.against, row.measure, row.pairs, row.shown) == ("lsgan", "ratio", 7, "lower (better)")
    np.testing.assert_allclose(row.effect, np.median(np.exp(logs)))
    np.testing.assert_allclose([row["effect low"], row["effect high"]], np.exp(sign_flip_interval(logs)))
    assert row.p == 2 / 2**7
    effects = {(row[0], row[1]): row[2:] for row in rows_of(crossed_tables["factorial"].markdown)[7:]}
    assert effects["lsgan", LAZY][:3] == ["lsgan", "7", "ratio"]
    assert effects["bce", "gp"][1] == "6"
    assert effects["bce", "gp"][-1] == "higher (worse)"


def test_an_effect_that_cannot_be_told_says_why(crossed_tables):
    frame = crossed_tables["factorial"].frame.set_index("loss")
    assert frame.loc["hinge+gp", "shown"] == "no cell without penalties"
    assert frame.loc["lsgan+gp", "shown"] == frame.loc["lsgan+gp", "best"] == "skipped"
    assert frame.loc["bce", "shown"] == "is the loss itself"
    effects = {(row[0], row[1]): row[2:] for row in rows_of(crossed_tables["factorial"].markdown)[7:]}
    assert set(effects["hinge", "gp"]) == {"no cell without penalties"}
    assert set(effects["lsgan", "gp"]) == {"skipped"}


def test_a_base_that_failed_is_not_compared_with(make_run):
    statuses = {("controlled", "lsgan", 0): "failed"}
    losses = ("bce", "bce+gp", "lsgan", "lsgan+gp")
    table = tables_of(load(make_run(losses, 1, statuses=statuses, recipes=("controlled",))))["factorial"]
    frame = table.frame.set_index("loss")
    assert frame.loc["lsgan+gp", "shown"] == "without penalties failed"
    assert frame.loc["bce+gp", "shown"] == "too few seeds"


def test_a_cross_without_a_finished_cell_or_a_time_is_shown_too(make_run):
    table = tables_of(load(make_run(("bce", "bce+gp"), 1, failing=True, timed=False)))["factorial"]
    assert rows_of(table.markdown)[2] == ["bce", "failed", "failed"]
    assert "No step was timed." in table.markdown


def test_without_a_cross_its_table_is_left_out(tables):
    assert "factorial" not in tables


def test_tables_with_a_column_per_loss_are_cut(make_run):
    losses = tuple(f"loss{index}" for index in range(18))
    run = load(make_run(losses, 1, recipes=("controlled",), timed=False))
    for name in ("saturation", "settings"):
        rows = rows_of(tables_of(run)[name].markdown)
        assert max(len(row) for row in rows) == 9
        assert {loss for row in rows for loss in row} >= set(losses)
        first = next(row for row in rows if "loss0" in row)
        assert first[1:] == list(losses[:8])


def test_the_cost_says_how_steps_were_run_where_that_is_not_plain() -> None:
    def times(*paces: dict | None) -> list[SimpleNamespace]:
        entries = [{} if pace is None else {"acceleration": pace} for pace in paces]
        return [SimpleNamespace(loss=f"loss{index}", entry=entry) for index, entry in enumerate(entries)]

    plain = {"used": "off", "why_not": None}
    assert cost.paces(times(None, plain)) == ""
    graph = {"used": "graph", "why_not": None}
    kept = {"used": "graph", "why_not": "not captured: its penalty keeps something"}
    assert cost.paces(times(graph, kept, graph)) == (
        "Run with --accelerate graph: loss0, loss2; graph, not captured: its penalty keeps something: loss1."
    )


def test_the_cost_counts_the_rounds_that_were_repeated() -> None:
    def time(**timing: object) -> SimpleNamespace:
        return SimpleNamespace(loss="bce", timing=timing, wall=lambda: (1.0, 1.0, 1.0))

    assert cost.warning([time()]) == ""
    assert cost.warning([time(rejected=0)]) == ""
    assert "repeated because other programs were at work: 3." in cost.warning([time(rejected=3), time(rejected=3)])
