"""Averaged weights stand beside the raw ones, where any cell has them."""

import json

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from reports import aggregate, lines
from reports.figures import quality
from reports.figures.style import KNOWN, Look
from reports.loading import load
from reports.panels import AVERAGED, RAW, make_panels
from reports.summary import paragraph
from reports.text import number
from tests.reports.variants import ALONG, SHRINK, average, change, rows_of, tables_of

LOSSES = ("bce", "lsgan", "wgangp")


@pytest.fixture(scope="module")
def averaged(tmp_path_factory, write):
    """wgangp was trained without."""
    folder = write(tmp_path_factory.mktemp("averaged") / "run", LOSSES, 6, recipes=("controlled",), timed=False)
    for loss in LOSSES[:2]:
        change(folder, average, loss=loss)
    return load(folder)


@pytest.fixture(scope="module")
def averaged_tables(averaged):
    return tables_of(averaged)


def test_medians_of_averaged_weights_are_columns_beside_the_raw_ones(averaged, averaged_tables):
    frame = averaged_tables["quality"].frame.set_index("loss")
    panel = make_panels(averaged)[0]
    assert panel.moments() == [*RAW, *AVERAGED]
    for moment, factor in SHRINK.items():
        raw = aggregate.middle(panel, "lsgan", "fid[digits]", moment)
        np.testing.assert_allclose(frame.loc["lsgan", f"averaged {moment} fid[digits]"], factor * raw)
    assert frame.loc["wgangp", "averaged best fid[digits]"] == "not measured"
    rows = rows_of(averaged_tables["quality"].markdown)
    assert rows[0][2:6] == ["best fid[digits]", "final fid[digits]", *(f"{name} fid[digits]" for name in AVERAGED)]
    assert max(map(len, rows[:10])) == 9
    assert "moving average" in averaged_tables["quality"].note


def test_averaged_weights_are_compared_with_averaged_weights(averaged, averaged_tables):
    panel = make_panels(averaged)[0]
    frame = averaged_tables["comparisons"].frame
    rows = frame[(frame.loss == "lsgan") & (frame.metric == "fid[digits]")].set_index("moment")
    ours, theirs = (aggregate.values(panel, name, "fid[digits]", "averaged best") for name in ("lsgan", "bce"))
    np.testing.assert_allclose(rows.loc["averaged best", "middle"], np.median([ours[s] / theirs[s] for s in range(6)]))
    assert set(frame[(frame.loss == "wgangp") & frame.moment.isin(AVERAGED)].pairs) == {0}
    raw, second = averaged_tables["comparisons"].markdown.split(": averaged weights")[:2]
    assert {row[3] for row in rows_of(raw)[2:]} == set(RAW)
    assert {row[3] for row in rows_of(second)[2:] if row[0] in LOSSES} == set(AVERAGED)


def test_every_seed_is_there_with_averaged_weights(averaged, averaged_tables):
    frame = averaged_tables["seeds"].frame
    own = frame[(frame.loss == "bce") & (frame.seed == 3)].iloc[0]
    assert own["averaged final kid[digits]"] == pytest.approx(0.5 * own["final kid[digits]"])
    assert own["averaged best step"] == 450
    assert frame[frame.loss == "wgangp"].iloc[0]["averaged best step"] == "not measured"
    assert {row[2] for row in rows_of(averaged_tables["seeds"].markdown)[2:]} - {"of"} >= {
        "best",
        "final",
        "averaged best",
    }


def test_the_summary_labels_both_verdicts(averaged):
    raw, second = paragraph(averaged, make_panels(averaged)[0]).split("*Averaged weights:*")
    assert (
        "lsgan is better than bce on fid[digits] (ratio" in lines.lines_of(averaged, make_panels(averaged)[0])[0].words
    )
    assert "averaged" not in raw
    panel = make_panels(averaged)[0]
    middles = [aggregate.middle(panel, loss, "fid[digits]", "averaged best") for loss in LOSSES[:2]]
    shown = ", ".join(f"{loss} {number(middle)}" for loss, middle in zip(LOSSES, middles, strict=False))
    assert f"of the best state with averaged weights: {shown} (" in second
    assert "lsgan is better than bce on fid[digits] with averaged weights (ratio" in second
    assert "not judged on fid[digits] with averaged weights: wgangp (not measured)." in second


def lines_of(axis, loss):
    colour = KNOWN[loss].lower()
    return [line for line in axis.lines if to_hex(line.get_color()) == colour]


def test_the_averaged_track_is_dashed(averaged):
    panel = make_panels(averaged)[0]
    (_, figure), *_ = quality.draw(averaged, [panel])
    axis = figure.axes[0]
    solid, dashed = lines_of(axis, "bce")
    assert (solid.is_dashed(), dashed.is_dashed()) == (False, True)
    rows = [json.loads((cell.folder / "record.json").read_text())["quality"]["along"] for cell in panel.of("bce")]
    expected = np.median([[row["averaged"]["fid[digits]"] for row in each] for each in rows], axis=0)
    np.testing.assert_allclose(dashed.get_ydata(), expected)
    np.testing.assert_allclose(solid.get_ydata(), expected / ALONG)
    assert len(lines_of(axis, "wgangp")) == 1
    alone = Figure().subplots()  # with no floor that would make room below
    quality.draw_effort(alone, panel, "fid[digits]", "step", {}, {"bce": Look("red")})
    assert alone.get_ylim()[0] < expected.min()
    assert "averaged weights" in [text.get_text() for text in figure.legends[0].get_texts()]
    assert "Dashed" in quality.KIND.remark([panel])


def test_without_averaged_weights_nothing_speaks_of_them(run):
    panels = make_panels(run)
    assert panels[0].moments() == list(RAW)
    assert quality.KIND.remark(panels) == ""
    for table in tables_of(run).values():
        assert "veraged" not in table.markdown + table.note + table.csv(), table.name
    assert "veraged" not in paragraph(run, panels[0])
