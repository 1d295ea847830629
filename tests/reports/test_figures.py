import itertools
import json
import xml.etree.ElementTree as ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import rgb_to_hsv, to_hex, to_rgb
from matplotlib.figure import Figure

from benchmarks.records import read_json, write_json
from reports.aggregate import values
from reports.figures import FIGURES, save_figures
from reports.figures.base import palette_of, plot_seeds
from reports.figures.curves import equilibrium, plot_equilibrium, rests
from reports.figures.factorial import finish
from reports.figures.layers import layers, profile
from reports.figures.quality import track
from reports.figures.shapes import distinct
from reports.figures.style import (
    KNOWN,
    OTHERS,
    STYLE,
    Look,
    colours,
    fit_scale,
    log_scale,
    looks,
    name_ticks,
    plain,
    signed_scale,
)
from reports.loading import load
from reports.panels import make_panels

ONE = ("published",)
HOSTILE = "_$x^{$ \x00\n图 <b>"


def drawn(run, *names):
    panels = make_panels(run)
    return {kind.name: dict(kind.draw(run, panels)) for kind in FIGURES if not names or kind.name in names}


@pytest.fixture(scope="module")
def figures(run):
    return drawn(run)


def axis_titled(figures, kind, title):
    return next(
        axis for figure in figures[kind].values() for axis in figure.axes if axis.get_title(loc="left") == title
    )


def test_every_kind_is_drawn(figures):
    # Nothing is crossed in this run, nothing translated, nothing tuned, and no histogram was recorded.
    missing = [name for name, found in figures.items() if not found]
    assert missing == ["factorial", "tradeoff", "tuning", "histograms", "slopes"]


def test_every_axis_has_a_label(figures):
    for kind in ("curves", "logits", "saturation", "quantiles", "cost", "shapes"):
        for figure in figures[kind].values():
            for axis in figure.axes:
                assert axis.get_xlabel(), kind
                assert axis.get_ylabel() or kind == "cost", kind


def test_the_curve_is_the_median_over_the_seeds(figures, run_folder):
    axis = axis_titled(figures, "curves", "discriminator_image, controlled")
    line = next(
        line for line in axis.lines if to_hex(line.get_color()) == KNOWN["bce"].lower() and len(line.get_xdata()) > 2
    )
    rows = [
        [json.loads(row)["terms"]["discriminator_image"] for row in path.read_text().splitlines()]
        for path in sorted(run_folder.glob("dcgan/digits/controlled/bce/*/curves.jsonl"))
    ]
    np.testing.assert_allclose(line.get_ydata(), np.median(rows, axis=0))
    assert len(axis.collections[0].get_segments()) == 8


def test_a_diverged_seed_ends_with_a_cross(figures):
    axis = axis_titled(figures, "curves", "discriminator_image, controlled")
    crosses = [line for line in axis.lines if line.get_marker() == "x"]
    assert [list(line.get_xdata()) for line in crosses] == [[250]]


def test_equilibria_are_lines_bands_or_nothing(run):
    axis = Figure().subplots()
    plot_equilibrium(axis, None, "red")
    assert not axis.lines
    assert not axis.patches
    plot_equilibrium(axis, 0.0, "red")
    assert axis.lines[0].get_ydata()[0] == 0.0
    plot_equilibrium(axis, [0.1, 0.2], "red")
    assert (axis.patches[0].get_y(), round(axis.patches[0].get_height(), 9)) == (0.1, 0.1)
    assert equilibrium(run.losses, "bce", "discriminator_image") == 2 * np.log(2)
    assert equilibrium(run.losses, "bce+r1:10", "adversarial_image") == np.log(2)
    assert equilibrium(run.losses, "wgangp", "adversarial_image") is None
    assert equilibrium(run.losses, "bce", "penalty_image") is None
    assert equilibrium(run.losses, "unknown", "adversarial_image") is None


def test_seconds_are_steps_times_the_timed_step(run):
    cells = make_panels(run)[1].of("wgangp")
    frame = track(cells, "fid[digits]", "seconds", 0.05)
    np.testing.assert_allclose(frame.index, np.arange(0, 501, 50) * 0.05)
    assert track(cells, "fid[digits]", "seconds", None).empty
    assert list(track(cells, "fid[digits]", "images", None).index) == [step * 5 * 64 for step in range(0, 501, 50)]


def test_without_timing_the_panel_says_so(make_run):
    found = drawn(load(make_run(("bce", "lsgan"), 1, timed=False)), "quality", "cost")
    texts = [text.get_text() for figure in found["quality"].values() for axis in figure.axes for text in axis.texts]
    assert texts.count("no timing record") == 4
    assert found["cost"] == {}


def test_the_profile_of_layers_is_late_and_over_seeds(run, run_folder):
    panel = make_panels(run)[0]
    assert layers(panel)["generator"] == [f"layers.{index}.weight" for index in range(5)]
    late = [
        np.median([json.loads(row)["layers"]["image"]["layers.2.weight"] for row in path.read_text().splitlines()[-5:]])
        for path in run_folder.glob("dcgan/digits/controlled/bce/*/curves.jsonl")
    ]
    np.testing.assert_allclose(profile(panel, "bce", "image", "layers.2.weight"), np.median(late))


def test_a_loss_has_one_colour_everywhere():
    assert len(set(KNOWN.values()) | set(OTHERS)) == len(KNOWN) + len(OTHERS)
    many = [f"loss{index}" for index in range(20)]
    assert colours([*many, "bce"])["bce"] == colours(["bce"])["bce"]
    assert len(set(colours(many[: len(OTHERS)]).values())) == len(OTHERS)


def lightness(colour):
    """CIE L* as a share of 1."""
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in to_rgb(colour)]
    return 1.16 * float(np.cbrt(np.dot(linear, (0.2126, 0.7152, 0.0722)))) - 0.16


@pytest.mark.parametrize("base", [*KNOWN, *OTHERS[:1]])
def test_penalties_are_shades_of_their_base(base):
    penalties = ("none", "r1", "gp", "r1+r2")
    found = looks({f"{base}+{name}": (base, name) for name in penalties})
    shown = list(found.values())
    assert shown[0].colour == colours([base])[base]
    assert len({look.dash for look in shown}) == 4
    assert all(abs(lightness(look.colour) - lightness(shown[0].colour)) > 0.08 for look in shown[1:])
    assert all(lightness(look.colour) < 0.82 for look in shown)  # lighter ones are lost on white
    hues = [rgb_to_hsv(to_rgb(look.colour))[:2] for look in shown]
    if all(saturation > 0.05 for _, saturation in hues):
        assert max(abs(hue - hues[0][0]) for hue, _ in hues) < 0.02


def test_many_losses_have_looks_that_are_all_unlike():
    plain_ones = looks({name: (name, "none") for name in [*KNOWN, "mine", "yours"]})
    assert len(set(plain_ones.values())) == len(KNOWN) + 2
    assert len({look.dash for look in plain_ones.values()}) > 1  # colours alone do not tell 20 lines apart
    penalties = ("none", "r1", "gp", "lp")
    crossed = looks({f"{base}+{name}": (base, name) for base in list(KNOWN)[:5] for name in penalties})
    assert len(set(crossed.values())) == 20


def test_the_dashes_stay_with_the_penalty(crossed):
    palette = palette_of(crossed, crossed.loss_order())
    assert palette["bce+gp"].dash == palette["hinge+gp"].dash != palette["bce"].dash == palette["wgangp"].dash


def test_losses_without_a_shape_are_left_out(figures):
    (figure,) = figures["shapes"].values()
    assert len(figure.axes[3].lines) == 3


def test_every_shape_is_drawn_once_and_without_penalties(make_run):
    folder = make_run(("wgangp", "bce", "bce+gp", "mine", "yours+gp"), 1, recipes=ONE)
    facts = read_json(folder / "losses.json")
    facts["losses"] = [fact for fact in facts["losses"] if fact["name"] != "bce+gp"]
    write_json(folder / "losses.json", facts)
    run = load(folder)
    # yours is known by its combination alone; lsgan is registered, but not of this run.
    assert list(distinct(run)) == [("wgangp",), ("bce", "mine", "yours")]
    (figure,) = drawn(run, "shapes")["shapes"].values()
    assert [len(axis.lines) for axis in figure.axes] == [2, 2, 2, 2]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["wgangp", "bce, mine, yours"]


def test_scales():
    axis = Figure().subplots()
    log_scale(axis, [1.0, 1.1])
    assert axis.get_ylim()[1] / axis.get_ylim()[0] >= 4 - 1e-9
    axis = Figure().subplots()
    fit_scale(axis, [*np.linspace(0, 1, 99), 1e3])
    assert axis.get_ylim()[1] < 2
    axis = Figure().subplots()
    fit_scale(axis, np.linspace(-50, 50, 99))
    assert axis.get_yscale() == "symlog"


@pytest.mark.slow
def test_hostile_names_are_drawn_as_they_are(make_run, tmp_path):
    run = load(make_run(("bce", HOSTILE, f"{HOSTILE}+gp"), 1, recipes=ONE))
    assert plain(HOSTILE).isprintable() or plain(HOSTILE).startswith("\u200a")
    files = list(save_figures(run, make_panels(run), tmp_path / "figures"))
    assert [kind.name for kind, names in files if not names] == ["tradeoff", "histograms", "slopes"]
    for path in (tmp_path / "figures").glob("*.svg"):
        ElementTree.parse(path)


@pytest.mark.parametrize(
    "variant", [{"seeds": 1, "recipes": ONE}, {"seeds": 2, "failing": True}, {"seeds": 1, "timed": False}]
)
def test_missing_inputs_are_no_error(make_run, variant):
    folder = make_run(("bce", "lsgan"), **variant)
    found = drawn(load(folder))
    assert found["shapes"]
    if "failing" in variant:
        assert not any(found[name] for name in ("curves", "quality", "seeds", "samples", "saturation", "layers"))


def test_a_broken_picture_is_left_out(make_run):
    folder = make_run(("bce", "lsgan"), 1)
    next(folder.glob("dcgan/digits/controlled/bce/*/samples/*.png")).write_bytes(b"no picture")
    (folder / "real" / "digits-16.png").unlink()
    figure = drawn(load(folder), "samples")["samples"]["dcgan-digits-controlled"]
    assert [axis.get_title() for axis in figure.axes] == ["lsgan, seed 0, step 500"]


@pytest.fixture(scope="module")
def crossed_figures(crossed):
    return drawn(crossed)


def test_losses_times_penalties_has_an_axes_per_base(crossed, crossed_figures):
    (figure,) = crossed_figures["factorial"].values()
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["bce", "lsgan", "hinge"]
    panel = make_panels(crossed)[0]
    names = ("bce", "bce+r1:10:every=4", "bce+gp")
    medians = [np.median(list(values(panel, name, "fid[digits]", "best").values())) for name in names]
    axis = figure.axes[0]
    line = next(line for line in axis.lines if line.get_marker() == "_")
    np.testing.assert_allclose(line.get_ydata(), medians)
    assert to_hex(line.get_color()) == KNOWN["bce"].lower()
    seeds = [line for line in axis.lines if line.get_marker() == "."]
    assert [len(line.get_xdata()) for line in seeds] == [3] * 6 + [2]  # the last seed diverged with gp
    assert [list(line.get_ydata()) for line in axis.lines if line.get_linestyle() == ":"] == [[1.2, 1.2]]
    assert axis.get_yscale() == "log"
    assert len({axis.get_ylim() for axis in figure.axes}) == 1


def test_a_floor_far_below_is_a_number_and_presses_nothing_flat():
    axis = Figure().subplots()
    finish(axis, {"bce": {"none": {0: 60.0, 1: 70.0}}}, 1.5)
    assert [text.get_text() for text in axis.texts] == ["floor 1.50"]
    assert not axis.lines
    assert axis.get_ylim()[0] > 20


def test_a_distance_below_0_has_a_linear_axis():
    axis = Figure().subplots()
    finish(axis, {"bce": {"none": {0: -0.02, 1: 0.3}}}, 0.01)
    assert axis.get_yscale() == "linear"
    assert axis.get_ylim()[0] < -0.02
    assert [text.get_text() for text in axis.texts] == ["floor"]


@pytest.mark.parametrize(("names", "turned"), [(["none", "r1"], False), (["none"] * 9, True), (["x" * 25] * 2, True)])
def test_names_that_do_not_fit_beside_each_other_are_turned(names, turned):
    axis = Figure(figsize=(2.4, 2)).subplots()
    name_ticks(axis, names)
    labels = axis.get_xticklabels()
    assert [label.get_text() for label in labels] == names
    assert all((label.get_rotation() > 0) == turned for label in labels)


def test_a_single_log_point_can_be_seen():
    axis = Figure().subplots()
    plot_seeds(axis, pd.DataFrame({0: [1.0]}, index=[80]), Look("red"))
    assert axis.lines[0].get_marker() == "o"
    plot_seeds(axis, pd.DataFrame({0: [1.0, 2.0]}, index=[40, 80]), Look("red"))
    assert axis.lines[1].get_marker() != "o"


def test_what_the_cross_lacks_is_said_in_the_figure(crossed_figures):
    (figure,) = crossed_figures["factorial"].values()
    words = [[text.get_text() for text in axis.texts if text.get_text() != "floor"] for axis in figure.axes]
    assert words == [[], ["skipped"], ["no cell"]]
    ticks = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert ticks == ["none", "r1:10:every=4", "gp"]


def test_a_penalty_term_may_be_missing_or_zero(crossed, crossed_figures):
    axis = axis_titled(crossed_figures, "curves", "penalty_image, controlled")
    medians = {to_hex(line.get_color()): line.get_ydata() for line in axis.lines if len(line.get_xdata()) > 2}
    palette = palette_of(crossed, crossed.loss_order())
    assert palette["bce"].colour.lower() not in medians
    assert list(medians[palette["bce+r1:10:every=4"].colour.lower()][:4]) == [0.0, 0.0, 0.0, 0.1]


def test_losses_of_one_base_rest_in_one_line(crossed):
    assert rests(crossed, ["bce", "bce+gp", "hinge+gp"], "adversarial_image") == [
        ("bce", np.log(2)),
        ("hinge", np.log(2)),
    ]


def test_a_run_without_combinations_has_no_heading_for_them(make_run):
    run = load(make_run(("bce", "lsgan+gp"), 1, recipes=ONE))
    kind = next(kind for kind in FIGURES if kind.name == "factorial")
    assert list(kind.draw(run, make_panels(run))) == []
    assert kind.missing == ""


BASES = ("bce", "jensen-shannon", "hinge", "rpgan", "my_own_loss_of_25_letters")


@pytest.fixture(scope="module")
def crowded(tmp_path_factory, write):
    losses = tuple(base + penalty for base in BASES for penalty in ("", "+r1:10:every=16", "+gp", "+r1+r2"))
    run = load(write(tmp_path_factory.mktemp("crowded") / "run", losses, 1, recipes=("controlled",)))
    with mpl.rc_context(STYLE):
        yield drawn(run)


def boxes(figure):
    FigureCanvasAgg(figure).draw()
    return (
        figure.bbox,
        [axis.get_tightbbox() for axis in figure.axes],
        [box.get_window_extent() for box in figure.legends],
    )


@pytest.mark.parametrize("name", [kind.name for kind in FIGURES])
def test_nothing_runs_into_anything_else_with_many_long_names(crowded, name):
    for figure in crowded[name].values():
        whole, axes, legends = boxes(figure)
        for box in [*axes, *legends]:
            assert box.x0 >= -1
            assert box.x1 <= whole.x1 + 1
            assert box.y0 >= -1
            assert box.y1 <= whole.y1 + 1
        assert all(legend.y0 >= axis.y1 for legend in legends for axis in axes)
        for one, other in itertools.combinations(axes, 2):
            across = min(one.x1, other.x1) - max(one.x0, other.x0)
            down = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(across, down) < 2


@pytest.mark.parametrize(
    "values", [[31_900.0, 32_150.0], [6.4, 7.6], [0.3, 2.0], [-0.01, 0.7], [1e-4, 30.0], [0.0, 0.0]]
)
def test_kernel_distances_of_whatever_size_have_ticks(values) -> None:
    figure = Figure(figsize=(2.3, 1.8))
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    axis.plot([0, 1], values)
    signed_scale(axis, np.array(values))
    figure.canvas.draw()
    low, high = axis.get_ylim()
    assert len([tick for tick in axis.get_yticks() if low <= tick <= high]) >= 2
