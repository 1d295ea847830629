"""Trials as distributions: the table, the figure, and what is compared with what."""

import itertools
from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from reports import build
from reports.figures import STYLE
from reports.figures.tuning import KIND
from reports.loading import load
from reports.merging import load_runs
from reports.panels import make_panels
from reports.tables import best_of, tuning
from reports.trials import tunings
from tests.reports.tunings import GRID, tune

SCORES = {"bce": [9.0, 12.0, None, 8.0], "lsgan": [30.0, 7.0, 10.0, 11.0], "wgangp": [None] * 4}


@pytest.fixture
def folder(make_run):
    made = make_run(("bce", "lsgan", "wgangp"), 1, recipes=("controlled",))
    (made / "tuning").mkdir()
    return made


@pytest.fixture
def tuned(folder):
    tune(folder, SCORES)
    return load(folder)


def drawn(run):
    with mpl.rc_context(STYLE):
        return dict(KIND.draw(run, make_panels(run)))


def row_of(run, loss):
    table = best_of.build(run, [])
    assert table is not None
    (row,) = (row for row in table.frame.to_dict("records") if row["loss"] == loss)
    return row


def test_without_trials_there_is_neither_table_nor_figure(folder) -> None:
    run = load(folder)
    assert best_of.build(run, []) is None
    assert not drawn(run)


def test_a_trial_that_failed_counts_as_the_worst_of_any_loss(tuned) -> None:
    row = row_of(tuned, "bce")
    filled = [9.0, 12.0, 30.0, 8.0]
    assert (row["trials"], row["failed"], row["best"]) == (4, 1, 8.0)
    quartiles = np.quantile(filled, [0.25, 0.5, 0.75])
    np.testing.assert_allclose([row[name] for name in ("lower quartile", "median", "upper quartile")], quartiles)
    for tries in (1, 2, 4):
        by_hand = np.mean([min(part) for part in itertools.combinations(filled, tries)])
        np.testing.assert_allclose(row[f"best of {tries}"], by_hand, rtol=1e-12)
        assert 0 < row[f"best of {tries}, low"] < by_hand < row[f"best of {tries}, high"] <= 30.0


def test_a_loss_of_which_all_failed_is_told_and_has_no_number(tuned) -> None:
    row = row_of(tuned, "wgangp")
    assert (row["failed"], row["median"], row["best of 2"]) == (4, "none", "none")
    table = best_of.build(tuned, [])
    assert table is not None
    (line,) = (line for line in table.sections[0].rows if line[0] == "wgangp")
    assert line[1:4] == ["4", "4 (100 %)", "no trial was trained to its end"]


def test_what_was_declared_stands_below_the_table(tuned) -> None:
    table = best_of.build(tuned, [])
    assert table is not None
    assert table.sections[0].note == (
        "Drawn once for all losses from learning-rate=5e-05..0.0005 beta1=0,0.5 beta2=0.999 (RandomSampler of optuna 5.0.0, seed 0), "
        "compared by the lowest fid[digits] on validation, median over the tuning seeds 1000."
    )


def test_a_metric_that_can_fall_below_zero_has_no_lower_end(folder) -> None:
    tune(folder, {"bce": [0.1, 0.01, 0.2]}, metric="kid[digits]")
    row = row_of(load(folder), "bce")
    assert "best of 2, low" not in row or row["best of 2, low"] == "none"
    table = best_of.build(load(folder), [])
    assert table is not None
    assert "[at most 0.2" in table.sections[0].rows[0][-1]


def test_of_a_grid_nothing_is_expected(folder) -> None:
    tune(folder, {"bce": [9.0, 8.0]}, origin=GRID)
    run = load(folder)
    assert not [name for name in row_of(run, "bce") if name.startswith("best of")]
    (figure,) = drawn(run).values()
    assert [text.get_text() for text in figure.axes[1].texts] == ["a grid, no draws"]


def test_losses_are_compared_where_all_else_is_alike(folder) -> None:
    tune(folder, {"bce": [9.0, 8.0], "lsgan": [7.0, 6.0]}, width=4)
    tune(folder, {"bce": [5.0, 4.0]}, width=8)
    found = tunings(load(folder))
    assert [(tuning.note, list(tuning.losses)) for tuning in found] == [
        ("width 4", ["bce", "lsgan"]),
        ("width 8", ["bce"]),
    ]
    (figure,) = drawn(load(folder)).values()
    assert len(figure.axes) == 4


def test_a_point_that_was_drawn_twice_counts_twice(tuned) -> None:
    (file,) = tuned.tunings
    rows = file["choices"][0]["trials"]
    twice = {**file, "choices": [{**file["choices"][0], "trials": [*rows, rows[0]]}]}
    (found,) = tunings(replace(tuned, tunings=(twice,)))
    assert found.losses["bce"].scores.tolist() == [9.0, 12.0, np.inf, 8.0, 9.0]


def test_the_list_of_trials_has_the_declared_metric_and_beta2_where_it_varies(folder) -> None:
    tune(folder, {"bce": [9.0, 8.0, None]}, betas=(0.9, 0.999))
    run = load(folder)
    table = tuning.build(run, make_panels(run))
    assert table is not None
    rows = table.frame.to_dict("records")
    assert {row["metric"] for row in rows} == {"fid[digits]"}
    assert sorted((row["seed 1000"], row["beta2"]) for row in rows[:2]) == [(8.0, 0.999), (9.0, 0.9)]
    assert rows[2]["seed 1000"] == "diverged"
    assert "β2" in table.sections[0].header
    tune(folder, {"lsgan": [1.0]}, data="other")
    assert (
        "β2"
        not in tuning.build(replace(run, cells=tuple(c for c in load(folder).cells if c.data == "other")), []).frame
    )


def test_every_trial_is_a_point_a_failed_one_a_cross_and_the_chosen_one_has_a_ring(tuned) -> None:
    (name,), (figure,) = zip(*drawn(tuned).items(), strict=True)
    assert name == "dcgan-digits"
    points, crosses, rings = [], [], []
    for line in figure.axes[0].lines:
        kind = rings if line.get_markerfacecolor() == "none" else crosses if line.get_marker() == "x" else points
        kind += list(zip(line.get_xdata(), line.get_ydata(), strict=True))
    assert sorted(y for _, y in points) == [7.0, 8.0, 9.0, 10.0, 11.0, 12.0, 30.0]
    assert [y for _, y in crosses] == [30.0]
    assert sorted(y for _, y in rings) == [7.0, 8.0]
    assert all(abs(x - round(x)) <= 0.3 + 1e-9 for x, _ in points)


def test_the_curves_fall_from_the_mean_to_the_best(tuned) -> None:
    (figure,) = drawn(tuned).values()
    curves = [line for line in figure.axes[1].lines if len(line.get_xdata()) == 4]
    assert len(curves) == 2
    ends = sorted((line.get_ydata()[0], line.get_ydata()[-1]) for line in curves)
    np.testing.assert_allclose(ends, [(14.5, 7.0), (14.75, 8.0)], rtol=1e-12)


def test_the_report_has_all_of_it_and_the_trials_outlive_a_merge(folder, make_run, tmp_path) -> None:
    tune(folder, SCORES)
    assert build.main([str(folder), "--out", str(tmp_path / "report"), "--formats", "md,csv"]) == 0
    text = (tmp_path / "report" / "report.md").read_text()
    for words in ("expected best of k", "Trials of the tuned recipe", "figures/tuning-dcgan-digits.svg"):
        assert words in text
    merged = load_runs([folder, _second(folder, tmp_path)])
    assert [list(found.losses) for found in tunings(merged)] == [["bce", "lsgan", "wgangp"]]


def _second(folder, tmp_path):
    import shutil

    return shutil.copytree(folder, tmp_path / "copy")


def test_many_long_names_run_into_nothing(folder) -> None:
    losses = [
        base + penalty
        for base in ("lsgan-pearson", "jensen-shannon", "wgangp")
        for penalty in ("", "+r1:10:every=16", "+gp")
    ]
    random = np.random.default_rng(0)
    tune(folder, {loss: [*random.lognormal(2, 1, 6), None] for loss in losses}, width=4)
    tune(folder, {loss: random.normal(2, 1, 7).tolist() for loss in losses}, width=8)
    (figure,) = drawn(load(folder)).values()
    FigureCanvasAgg(figure).draw()
    axes = [axis.get_tightbbox() for axis in figure.axes]
    for box in axes:
        assert box.x0 >= -1
        assert box.x1 <= figure.bbox.x1 + 1
        assert box.y0 >= -1
    for one, other in itertools.combinations(axes, 2):
        assert min(min(one.x1, other.x1) - max(one.x0, other.x0), min(one.y1, other.y1) - max(one.y0, other.y0)) < 2


@pytest.mark.parametrize(
    "content",
    [
        {"task": "dcgan", "data": "digits"},
        {"task": "dcgan", "data": "digits", "choices": []},
        {"task": "dcgan", "data": "digits", "choices": [{"loss": "bce", "group": "0", "trials": []}]},
        {
            "task": "dcgan",
            "data": "digits",
            "choices": [{"loss": "_$x^{$", "group": "0", "metric": "a|b", "trials": [{"median": -3.0}]}],
        },
        {
            "task": "dcgan",
            "data": "digits",
            "choices": [{"loss": "bce", "group": "0", "metric": "fid", "trials": [{"median": 0}]}],
        },
        {"task": 3, "data": "digits"},
    ],
)
def test_a_file_of_whatever_content_is_no_reason_to_have_no_report(folder, content) -> None:
    from benchmarks import records

    records.write_json(folder / "tuning" / "dcgan-digits.json", content)
    run = load(folder)
    for figure in drawn(run).values():
        FigureCanvasAgg(figure).draw()
    table = best_of.build(run, [])
    assert table is None or table.markdown
