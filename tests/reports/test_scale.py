"""What keeps the report of a very large run bounded: statistics in parts, thin lines, no pair of loops over all cells."""

import json
import time
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from scipy.stats import bootstrap

from reports import multiplicity, statistics
from reports.figures import improvement
from reports.figures.base import EACH, LINES, plot_seeds, thin_lines, thinned
from reports.figures.style import Look
from reports.loading import load
from reports.panels import Panel, make_panels


def rows_of(count, rows=4):
    return np.random.default_rng(count).normal(0.2, 1, (rows, count))


def test_patterns_that_are_drawn_in_parts_are_those_that_are_drawn_at_once(monkeypatch) -> None:
    whole = np.random.default_rng(0).integers(0, 2, size=(statistics.DRAWS, 40)).astype(bool)
    monkeypatch.setattr(statistics, "LARGEST", 7_001)
    statistics._patterns.cache_clear()
    np.testing.assert_array_equal(statistics._patterns(40), whole)
    statistics._patterns.cache_clear()


def test_statistics_in_parts_are_those_at_once(monkeypatch) -> None:
    rows = rows_of(120)
    whole = (
        [statistics.sign_flip_p(row) for row in rows],
        statistics.sign_flip_intervals(rows),
        multiplicity.max_t(rows),
    )
    monkeypatch.setattr(statistics, "LARGEST", 100_003)
    monkeypatch.setattr(multiplicity, "LARGEST", 9_001)
    assert [statistics.sign_flip_p(row) for row in rows] == whole[0]
    np.testing.assert_allclose(statistics.sign_flip_intervals(rows), whole[1], rtol=1e-12)
    np.testing.assert_allclose(multiplicity.max_t(rows), whole[2], rtol=1e-12)


def test_bootstrap_intervals_of_many_rows_are_scipys_of_each() -> None:
    rows = rows_of(31, 40)
    rows[3] = 0.5
    found = statistics.bootstrap_intervals(rows)
    assert found[3] == [(0.5, 0.5)] * 2
    for place in (0, 17, 39):
        for level, ends in zip((0.95, 0.9), found[place], strict=True):
            how = {"confidence_level": level, "method": "BCa", "rng": np.random.default_rng(0)}
            expected = bootstrap((rows[place],), np.mean, **how).confidence_interval
            np.testing.assert_allclose(ends, expected, rtol=1e-12)


def test_thousands_of_pairs_of_sixteen_seeds_fit_into_memory() -> None:
    table = rows_of(16, 1500)
    tracemalloc.start()
    multiplicity.max_t(table)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 300e6  # at once they take 20,000 x 1,500 numbers of 8 bytes, twice


def test_a_thousand_seeds_have_a_line_each_up_to_what_an_axes_has_room_for() -> None:
    axis = Figure().subplots()
    frame = pd.DataFrame(rows_of(1000, 5), index=range(5))
    values = plot_seeds(axis, frame, Look("red"), thin_lines(3))
    assert len(axis.collections[0].get_segments()) == EACH
    assert len(values) == 5000
    np.testing.assert_array_equal(axis.lines[0].get_ydata(), frame.median(axis=1))


def test_the_caption_says_that_lines_are_left_out_where_they_are(run) -> None:
    panel = make_panels(run)[0]
    assert thinned([panel]) == ""
    cells = [replace(panel.cells[0], seed=seed) for seed in range(EACH + 1)]
    large = Panel(panel.task, panel.data, panel.recipe, "", tuple(cells), (cells[0].loss,))
    assert f"room for {LINES} thin lines, {EACH} a loss" in thinned([large])


def test_a_matrix_of_very_many_losses_has_colours_alone_and_says_so() -> None:
    losses = [f"loss{number}" for number in range(improvement.MOST + 1)]
    chances = {(row, column): (0.9, 0.6, 1.0) for row in losses for column in losses if row != column}
    few, many = (Figure().subplots() for _ in range(2))
    improvement.draw_matrix(
        few, losses[:3], {pair: each for pair, each in chances.items() if set(pair) <= {*losses[:3]}}
    )
    improvement.draw_matrix(many, losses, chances)
    assert (len(few.texts), len(many.texts)) == (6, 0)
    assert np.isnan(np.diag(many.images[0].get_array().filled(np.nan))).all()
    panel = Panel("t", "d", "r", "", (), tuple(losses))
    assert "colours alone" in improvement.remark([panel])
    assert improvement.remark([replace(panel, losses=tuple(losses[:3]))]) == ""


def test_thousands_of_skipped_cells_are_read_in_a_moment(make_run) -> None:
    folder = make_run(("bce",), 1, recipes=("controlled",))
    request = json.loads((folder / "run.json").read_text())
    key = {"task": "dcgan", "data": "digits", "recipe": "published", "loss": "bce"}
    request["skipped"] = [{"cell": {**key, "seed": seed}, "reason": "no"} for seed in range(10_000)]
    request.pop("sha256", None)
    (folder / "run.json").write_text(json.dumps(request))
    begin = time.process_time()
    run = load(folder)
    assert sum(cell.status == "skipped" for cell in run.cells) >= 10_000
    assert time.process_time() - begin < 5  # a pair of loops takes minutes
