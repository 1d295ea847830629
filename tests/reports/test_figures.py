import json
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from reports.figures import FIGURES, save_figures
from reports.figures.curves import equilibrium, plot_equilibrium
from reports.figures.layers import layers, profile
from reports.figures.quality import track
from reports.figures.style import KNOWN, OTHERS, colours, fit_scale, log_scale, plain
from reports.loading import load
from reports.panels import make_panels

ONE = ("published",)
HOSTILE = "_$x^{$ \x00\n图 <b>"


def drawn(run):
    panels = make_panels(run)
    return {kind.name: dict(kind.draw(run, panels)) for kind in FIGURES}


@pytest.fixture(scope="module")
def figures(run):
    return drawn(run)


def axis_titled(figures, kind, title):
    return next(
        axis for figure in figures[kind].values() for axis in figure.axes if axis.get_title(loc="left") == title
    )


def test_every_kind_is_drawn(figures):
    assert all(figures.values()), [name for name, found in figures.items() if not found]


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
    found = drawn(load(make_run(("bce", "lsgan"), 1, timed=False)))
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


def test_losses_without_a_shape_are_left_out(figures):
    (figure,) = figures["shapes"].values()
    assert len(figure.axes[3].lines) == 3


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


def test_hostile_names_are_drawn_as_they_are(make_run, tmp_path):
    run = load(make_run(("bce", HOSTILE), 1, recipes=ONE))
    assert plain(HOSTILE).isprintable() or plain(HOSTILE).startswith("\u200a")
    files = list(save_figures(run, make_panels(run), tmp_path / "figures"))
    assert all(names for _, names in files)
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
    figure = drawn(load(folder))["samples"]["dcgan-digits-controlled"]
    assert [axis.get_title() for axis in figure.axes] == ["lsgan, seed 0, step 500"]
