"""The measures beside the distances: what they say, and that nothing is ranked by them."""

import numpy as np
import pytest

from reports import aggregate, metrics
from reports.loading import load
from reports.panels import make_panels
from reports.summary import paragraph
from tests.reports.variants import add_metrics, change, rows_of, tables_of

NAMES = ("precision", "recall", "density", "coverage", "is")


def measured(value):
    """Metrics whose order is that of the distance, so that a rank by them would show."""
    scores = {f"{name}[digits]": value + index for index, name in enumerate(NAMES)}
    return {**scores, "fld[digits]": value - 12, "sharpness[mine]": 2 * value}


@pytest.fixture(scope="module")
def scored(tmp_path_factory, write):
    folder = write(tmp_path_factory.mktemp("scored") / "run", ("bce", "lsgan"), 6, recipes=("controlled",), timed=False)
    change(folder, add_metrics(measured))
    return load(folder)


@pytest.fixture(scope="module")
def scored_tables(scored):
    return tables_of(scored)


def test_every_measure_stands_with_its_direction_and_what_it_says(scored_tables, scored):
    text = scored_tables["quality"].markdown
    section = text[text.index("further measures") :]
    heading, _, bce, lsgan, *_ = rows_of(section)
    assert heading == ["loss", *(f"best {name}[digits] (higher)" for name in NAMES), "best sharpness[mine]"]
    panel = make_panels(scored)[0]
    middle = aggregate.middle(panel, "lsgan", "fid[digits]", "best")
    np.testing.assert_allclose([float(value) for value in lsgan[1:]], [*(middle + np.arange(5)), 2 * middle], rtol=5e-3)
    assert bce[0] == "bce"
    for name in NAMES:
        assert section.count(f"{name}: {metrics.SETS[name].note}") == 1
    assert "only to compare with old tables: it sees neither the real images nor memorising" in section
    assert "sharpness: not known to this report" in section


def test_measures_are_columns_of_the_csv_files(scored_tables, scored):
    frame = scored_tables["quality"].frame.set_index("loss")
    middle = aggregate.middle(make_panels(scored)[0], "bce", "fid[digits]", "final")
    np.testing.assert_allclose(frame.loc["bce", "final fid[digits]"], middle)
    for moment in ("best", "final"):
        values = [aggregate.values(make_panels(scored)[0], "bce", "recall[digits]", moment)[seed] for seed in range(6)]
        np.testing.assert_allclose(frame.loc["bce", f"{moment} recall[digits]"], np.median(values))
    assert "untrained density[digits]" in scored_tables["seeds"].frame


def test_losses_are_compared_by_distances_alone(scored_tables, scored):
    frame = scored_tables["comparisons"].frame
    assert dict(zip(frame.metric, frame.kind, strict=True)) == {
        "fid[digits]": "ratio",
        "kid[digits]": "difference",
        "fld[digits]": "difference",
    }
    assert "FLD" in scored_tables["comparisons"].note
    assert aggregate.primaries(make_panels(scored)[0]) == ["fid[digits]"]
    assert "recall" not in paragraph(scored, make_panels(scored)[0])
    assert {row[1] for row in rows_of(scored_tables["seeds"].markdown) if row[0] == "bce"} == {
        "fid[digits]",
        "kid[digits]",
        "fld[digits]",
    }


def test_a_run_without_measures_has_no_word_of_them(run):
    tables = tables_of(run)
    assert "further measures" not in tables["quality"].markdown
    assert "FLD" not in tables["comparisons"].note


def test_what_is_known_of_a_metric_is_consistent():
    for name in (*metrics.SETS, *metrics.TRANSLATION, "unheard-of"):
        assert not (metrics.is_distance(name) and metrics.better(name) != "lower"), name
        assert not (metrics.has_ratios(name) and metrics.is_signed(name)), name
    assert not set(metrics.SETS) & set(metrics.TRANSLATION)
    assert [name for name in metrics.SETS if metrics.is_distance(name)] == ["fid", "kid", "fld"]
    assert metrics.better("unheard-of[x]@b") is None
