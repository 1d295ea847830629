"""Figures of the literature stand beside ours, and never among them."""

import io
import json

import numpy as np
import pandas as pd
import pytest

from benchmarks.records import write_json
from reports import aggregate
from reports.loading import load
from reports.panels import make_panels
from reports.summary import paragraph
from reports.text import number
from tests.reports.variants import average, change, rows_of, state_passport, tables_of

QUOTE = {
    "loss": "lsgan",
    "network": "resnet32",
    "data": "digits",
    "metric": "fid[digits]",
    "value": 16.8,
    "spread": 0.2,
    "settings": "100,000 steps | batch 64, 50,000 fakes",
    "source": "mimicry <b>, arXiv:2005.02494",
}


def quoting(folder, *quotes):
    path = folder / "run.json"
    write_json(path, {**json.loads(path.read_text()), "published": [{**QUOTE, **quote} for quote in quotes]})
    return load(folder)


@pytest.fixture
def folder(make_run):
    folder = make_run(("bce", "lsgan"), 3, recipes=("controlled",), timed=False)
    change(folder, lambda record: record["settings"].update(network="resnet32"))
    return folder


def test_a_published_figure_stands_beside_our_median_range_and_seeds(folder):
    run = quoting(folder, {})
    values = list(aggregate.values(make_panels(run)[0], "lsgan", "fid[digits]", "final").values())
    table = tables_of(run)["published"]
    row = table.frame.set_index("of").loc["final"]
    np.testing.assert_allclose([row["median"], row.low, row.high], [np.median(values), min(values), max(values)])
    np.testing.assert_allclose(row.ratio, np.median(values) / 16.8)
    assert (row.seeds, row.value, row.spread, row["our network"]) == (3, 16.8, 0.2, "resnet32")
    lines = rows_of(table.markdown)
    assert [line[6] for line in lines[2:4]] == ["best", "final"]
    assert lines[2][:5] == ["lsgan", "resnet32", "digits", "fid[digits]", "16.8 ± 0.200"]
    assert lines[3][8] == f"{number(np.median(values))} [{number(min(values))}–{number(max(values))}]"
    assert "Compare the settings before the figures" in table.note


def test_published_figures_change_nothing_of_ours(folder):
    before, run = load(folder), quoting(folder, {"value": 1e-3}, {"loss": "bce"})
    kept = {name: table.csv() for name, table in tables_of(run).items() if name != "published"}
    assert kept == {name: table.csv() for name, table in tables_of(before).items()}
    assert paragraph(run, make_panels(run)[0]) == paragraph(before, make_panels(before)[0])
    assert "published" not in tables_of(before)


@pytest.mark.parametrize("quote", [{"loss": "hinge"}, {"data": "cifar10"}])
def test_what_was_not_run_says_so(folder, quote):
    table = tables_of(quoting(folder, quote))["published"]
    assert rows_of(table.markdown)[2][5:] == ["not run", "not run", "0", "not run", "not run"]


def test_a_metric_that_was_not_measured_says_so(folder):
    frame = tables_of(quoting(folder, {"metric": "fid"}))["published"].frame
    assert set(frame["median"]) == set(frame.ratio) == {"not measured"}


@pytest.mark.parametrize(
    ("quote", "words"),
    [
        ({"network": "sngan"}, "another network: resnet32"),
        ({"loss": "bce", "metric": "kid[digits]"}, "no ratio"),
        ({"value": 0}, "no ratio"),
        ({"value": "about 17"}, "no ratio"),
    ],
)
def test_a_ratio_that_would_mislead_is_withheld(folder, quote, words):
    frame = tables_of(quoting(folder, quote))["published"].frame
    assert set(frame.ratio) == {words}
    assert frame["median"].map(lambda value: isinstance(value, float)).all()


def test_unlike_passports_and_averaged_weights_have_lines_of_their_own(folder):
    change(folder, average)
    change(folder, state_passport(n_fake=1000), loss="lsgan", seed="0")
    table = tables_of(quoting(folder, {}))["published"]
    assert list(table.frame.seeds) == [1] * 4 + [2] * 4
    assert list(table.frame.of[:4]) == ["best", "final", "averaged best", "averaged final"]
    assert [row[5][-12:] for row in rows_of(table.markdown)[2:10:4]] == ["(passport 1)", "(passport 2)"]


def test_quotes_cannot_break_the_page(folder):
    run = quoting(folder, {"loss": "a|b\n# <c>", "source": None, "spread": None}, {})
    table = tables_of(run)["published"]
    assert "<" not in table.markdown
    assert r"a\|b # &lt;c&gt;" in table.markdown
    assert r"100,000 steps \| batch 64" in table.markdown
    assert "not stated" in table.markdown
    frame = pd.read_csv(io.StringIO(table.csv()), keep_default_na=False)
    assert not (frame.astype(str) == "").any(axis=None)
