"""Heat maps over the steps, and every loss against every other."""

import json

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from scipy.stats import quantile_test

from reports.families import matrix
from reports.figures.heat import edges
from reports.figures.histograms import KIND as HISTOGRAMS
from reports.figures.histograms import draw_counts, pooled, shown
from reports.figures.improvement import KIND as IMPROVEMENT
from reports.figures.improvement import chances, runs
from reports.figures.layer_norms import KIND as NORMS
from reports.figures.layer_norms import norms
from reports.figures.seeds import KIND as SEEDS
from reports.figures.seeds import median_interval
from reports.loading import load
from reports.panels import make_panels

LOW, WIDTH, BINS = -8.125, 0.25, 41
ONE = ("controlled",)


def counted(slopes):
    """The histogram of some slopes, by numpy's own."""
    logs = np.log10(np.maximum(slopes, 1e-300))
    borders = [-np.inf, *(LOW + WIDTH * np.arange(BINS + 1)), np.inf]
    return {"low": LOW, "width": WIDTH, "counts": np.histogram(logs, borders)[0].tolist()}


def slopes_of(loss, seed, step):
    if loss == "wgangp":
        return np.ones(64)
    return np.random.default_rng([seed, step]).lognormal(-step / 100, 1.0, 64)


def with_histograms(folder, change=lambda row, loss, seed: row):
    """The run with histograms in its curves."""
    for path in folder.glob("*/*/*/*/seed*/curves.jsonl"):
        loss, seed = path.parts[-3], int(path.parts[-2][4])
        rows = [json.loads(row) for row in path.read_text().splitlines()]
        for row in rows:
            row["histograms"] = {"image": {"slope": counted(slopes_of(loss, seed, row["step"]))}}
        path.write_text("".join(json.dumps(change(row, loss, seed)) + "\n" for row in rows))
    return load(folder)


@pytest.fixture
def recorded(make_run):
    return with_histograms(make_run(("bce", "wgangp"), 3, recipes=ONE, timed=False))


def images(axis):
    return [np.ma.filled(image.get_array().astype(float), np.nan) for image in axis.images]


def test_a_heat_map_holds_the_share_of_all_seeds_fakes(recorded):
    (figure,) = dict(HISTOGRAMS.draw(recorded, make_panels(recorded))).values()
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["bce", "wgangp", ""]
    (shares,) = images(figure.axes[0])
    every = np.concatenate([slopes_of("bce", seed, 75) for seed in range(3)])
    counts = np.array(counted(every)["counts"]) / len(every)
    first, last = shown([pooled(make_panels(recorded)[0], loss, "image") for loss in ("bce", "wgangp")])
    np.testing.assert_allclose(np.nan_to_num(shares[:, 2]), counts[1 + first : 1 + last])  # 25, 50, 75
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()
    assert {image.norm for axis in figure.axes[:2] for image in axis.images} == {figure.axes[0].images[0].norm}
    assert np.isclose(figure.axes[0].get_ylim()[0], LOW + WIDTH * first)


def test_slopes_of_0_have_a_strip_of_their_own(make_run):
    def silence(row, loss, seed):
        if loss == "bce":
            row["histograms"]["image"]["slope"] = counted(np.zeros(10))
        return row

    run = with_histograms(make_run(("bce", "wgangp"), 1, recipes=ONE, timed=False), silence)
    (figure,) = dict(HISTOGRAMS.draw(run, make_panels(run))).values()
    for axis, share in zip(figure.axes[:2], (1.0, np.nan), strict=True):
        assert [label.get_text() for label in axis.get_yticklabels()][-1] == "< 10⁻⁸"
        np.testing.assert_array_equal(images(axis)[1], np.full((1, 20), share))
    assert np.isnan(images(figure.axes[0])[0]).all()


@pytest.mark.parametrize(
    "odd",
    [
        {"low": 0.0, "width": 0.25, "counts": [1, 2, 3]},
        {"low": LOW, "width": WIDTH, "counts": [1] * 7},
        {"low": None, "width": "x", "counts": [1] * (BINS + 2)},
        {"low": LOW, "width": -1, "counts": [1] * (BINS + 2)},
        {"low": LOW, "width": WIDTH, "counts": [-1] * (BINS + 2)},
        {"low": LOW, "width": WIDTH, "counts": 5},
        [],
        None,
    ],
)
def test_bins_unlike_the_others_are_left_out(make_run, odd):
    def spoil(row, loss, seed):
        if loss == "wgangp" or seed == 1:
            row["histograms"]["image"]["slope"] = odd
        return row

    run = with_histograms(make_run(("bce", "wgangp"), 2, recipes=ONE, timed=False), spoil)
    (figure,) = dict(HISTOGRAMS.draw(run, make_panels(run))).values()
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["bce", ""]
    expected = np.array(counted(slopes_of("bce", 0, 25))["counts"]) / 64
    np.testing.assert_allclose(pooled(make_panels(run)[0], "bce", "image").shares[0], expected)


def test_a_run_without_histograms_says_why_there_is_no_figure(run):
    assert dict(HISTOGRAMS.draw(run, make_panels(run))) == {}
    assert "before these were recorded" in HISTOGRAMS.missing


def test_the_scale_is_cut_to_where_any_loss_has_slopes(recorded):
    panel = make_panels(recorded)[0]
    narrow = pooled(panel, "wgangp", "image")
    first, last = shown([narrow])
    assert last - first == 8
    assert first <= round((0 - LOW) // WIDTH) < last
    axis = Figure().subplots()
    draw_counts(axis, narrow, [narrow], None)
    assert axis.get_ylim() == (LOW + WIDTH * first, LOW + WIDTH * last)


def test_columns_end_midway_between_steps():
    np.testing.assert_array_equal(edges([10, 20, 40]), [5, 15, 30, 50])


def test_norms_are_medians_over_the_seeds_at_every_step(run, run_folder):
    figures = dict(NORMS.draw(run, make_panels(run)))
    figure = figures["dcgan-digits-controlled"]
    rows = [
        [json.loads(row)["layers"]["image"]["layers.2.weight"] for row in path.read_text().splitlines()]
        for path in sorted(run_folder.glob("dcgan/digits/controlled/bce/*/curves.jsonl"))
    ]
    axis = next(axis for axis in figure.axes if axis.get_title(loc="left") == "bce: image")
    np.testing.assert_allclose(images(axis)[0][2], np.median(rows, axis=0))
    assert [label.get_text() for label in axis.get_yticklabels()] == [f"layers.{index}" for index in range(5)]
    top, bottom = (axis.transData.transform((0, row))[1] for row in (0, 4))
    assert top > bottom  # the layer at the input is on top


def test_norms_of_0_and_of_other_kinds_are_white(make_run):
    folder = make_run(("bce",), 2, recipes=ONE, timed=False)
    for path in folder.glob("*/*/*/*/seed*/curves.jsonl"):
        rows = [json.loads(row) for row in path.read_text().splitlines()]
        rows[0]["layers"]["image"]["layers.0.weight"] = 0.0
        rows[1]["layers"]["image"]["layers.0.weight"] = None
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    panel = make_panels(load(folder))[0]
    steps, found = norms(panel.of("bce"), "image", ["layers.0.weight"])
    assert steps == tuple(range(25, 501, 25))
    assert np.isnan(found[0, :2]).all()
    assert np.isfinite(found[0, 2:]).all()


def test_the_matrix_of_chances_is_of_all_pairs(run):
    figures = dict(IMPROVEMENT.draw(run, make_panels(run)))
    axis = figures["dcgan-digits-controlled"].axes[0]
    losses = [label.get_text() for label in axis.get_yticklabels()]
    assert losses == ["lsgan", "bce", "wgangp"]  # by their levels, 9, 12 and 15
    values, _ = matrix(make_panels(run)[0], "fid[digits]", "best")
    values = {loss: np.nan_to_num(np.array(own), nan=np.inf) for loss, own in values.items()}
    (shares,) = images(axis)
    for row, first in enumerate(losses):
        for column, second in enumerate(losses):
            if row != column:
                pairs = [(one < other) + (one == other) / 2 for one in values[first] for other in values[second]]
                np.testing.assert_allclose(shares[row, column], np.mean(pairs))
    assert np.isnan(np.diag(shares)).all()
    assert {text.get_text() for text in axis.texts} == {f"{share:.2f}" for share in shares[~np.isnan(shares)]}


def test_only_chances_whose_interval_excludes_one_half_are_framed(run):
    panel = make_panels(run)[0]
    found = chances(runs(panel, "fid[digits]"))
    clear = [pair for pair, (_, low, high) in found.items() if low > 0.5 or high < 0.5]
    axis = dict(IMPROVEMENT.draw(run, [panel]))["dcgan-digits-controlled"].axes[0]
    assert 0 < len(clear) == len(axis.patches)
    for (row, column), (share, low, high) in found.items():
        back = found[column, row]
        np.testing.assert_allclose(back, (1 - share, 1 - high, 1 - low))
        assert low <= share <= high


def test_a_loss_alone_has_no_matrix(make_run):
    run = load(make_run(("bce",), 2, recipes=ONE, timed=False))
    assert dict(IMPROVEMENT.draw(run, make_panels(run))) == {}


@pytest.mark.parametrize("count", [6, 7, 8, 9, 12, 13, 20, 41])
def test_the_medians_interval_is_between_order_statistics(count):
    values = np.random.default_rng(count).lognormal(size=count)
    reference = quantile_test(values, q=0, p=0.5).confidence_interval(confidence_level=0.95)
    assert median_interval(list(values)) == (reference.low, reference.high)


def test_fewer_than_6_seeds_have_no_interval(run, make_run):
    assert median_interval([]) is None
    assert median_interval([1.0] * 5) is None

    def intervals(found):
        axes = next(iter(dict(SEEDS.draw(found, make_panels(found))).values())).axes
        return [to_hex(line.get_color()) for line in axes[0].lines if line.get_marker() == "_"]

    assert len(intervals(run)) == 3
    assert intervals(load(make_run(("bce", "lsgan"), 5, recipes=ONE, timed=False))) == []
