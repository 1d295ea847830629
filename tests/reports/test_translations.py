"""Tables, figures and page of a run with two domains: a CycleGAN's, with a control and a sweep."""

import io
import itertools
import json
import xml.etree.ElementTree as ElementTree
from statistics import median

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex

from benchmarks.records import read_json, write_json
from reports import aggregate, ladders
from reports.build import main
from reports.figures import (
    FIGURES,
    curves,
    layers,
    logits,
    samples,
    saturation,
    save_figures,
    seeds,
    shapes,
    slopes,
    tradeoff,
)
from reports.figures.base import palette_of, together
from reports.figures.style import STYLE
from reports.guide import reading
from reports.loading import load
from reports.panels import make_panels
from reports.summary import paragraph
from reports.tables import make_tables
from reports.text import number
from tests.reports.translations import CONTROL, FLOOR, LOSSES, WEIGHTS, write_maps

HOSTILE = "_$x|^{$ \x00\n图 <b>"
DISTANCES = ["fid[shapes]@a", "kid[shapes]@a", "fid[shapes]@b", "kid[shapes]@b"]


def tables_of(run):
    return {table.name: table for table in make_tables(run, make_panels(run))}


def drawn(kind, run):
    with mpl.rc_context(STYLE):
        return dict(kind.KIND.draw(run, make_panels(run)))


def rows_of(text):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:2] == "| "]


def change(path, edit):
    record = json.loads(path.read_text())
    edit(record)
    write_json(path, record)


@pytest.fixture(scope="module")
def panels(swept):
    return make_panels(swept)


@pytest.fixture(scope="module")
def tables(swept):
    return tables_of(swept)


@pytest.fixture(scope="module")
def pictures(swept, panels):
    with mpl.rc_context(STYLE):
        return {kind.name: dict(kind.draw(swept, panels)) for kind in FIGURES}


def test_a_sweep_makes_a_panel_per_number_in_the_order_of_the_numbers(panels):
    assert [panel.note for panel in panels] == [f"cycle_weight {weight}" for weight in WEIGHTS]
    assert [dict(panel.varied) for panel in panels] == [{"cycle_weight": weight} for weight in WEIGHTS]
    assert {len(panel.cells) for panel in panels} == {8}
    assert not any(panel.own_passport for panel in panels)


def test_only_what_differs_sets_panels_apart(make_translations):
    folder = make_translations(("bce", CONTROL), 1, (10,))
    path = next(folder.glob("cyclegan/shapes/controlled/none/*/record.json"))
    change(path, lambda record: record["settings"].update(steps=399, seconds=5))  # a cell without a twin
    (panel,) = make_panels(load(folder))
    assert (panel.note, len(panel.cells)) == ("", 2)


def test_passports_with_counts_by_domain_are_told_apart_in_words(make_translations):
    folder = make_translations(("bce",), 2, (10,))
    path = next(folder.glob("cyclegan/**/seed1-*/record.json"))
    change(path, lambda record: record["quality"]["passport"].update(n_real={"a": 100, "b": 90}))
    run = load(folder)
    found = make_panels(run)
    assert sorted(panel.note for panel in found) == ["n_real a: 100, b: 90", "n_real a: 200, b: 180"]
    tables = tables_of(run)
    assert len(tables["passports"].frame) == 2
    assert ["n_real", "a: 100, b: 90", "a: 200, b: 180"] in rows_of(tables["passports"].markdown)
    assert "Passport of its own (n_real a: 100, b: 90)" in tables["quality"].markdown
    frame = tables["translation"].frame
    assert set(frame.passport) == {"1", "2"}
    assert {f"best true_share@b (passport {number})" for number in (1, 2)} <= set(frame.columns)
    assert len(tradeoff.alike(found)) == 2  # values of unlike passports are in no figure together


def test_distances_hold_neither_translation_metrics_nor_copy_rates(panels):
    assert panels[0].distances() == DISTANCES
    assert aggregate.primaries(panels[0]) == ["fid[shapes]@a", "fid[shapes]@b"]
    assert panels[0].targets() == ["a", "b"]
    assert panels[0].translation()[:4] == ["true_share@a", "true_share@b", "true_l1@a", "true_l1@b"]
    assert not {*panels[0].translation()} & {*DISTANCES, "copy_rate@a", "copy_rate@b"}


def test_a_domain_has_a_floor_and_a_ladder_of_its_own(swept, panels, tables):
    for domain, floor in FLOOR.items():
        assert ladders.floor_of(swept, panels[0], f"fid[shapes]@{domain}") == floor
        assert [ladder["passport"]["domain"] for ladder in ladders.ladders_of(swept, panels[0], domain)] == [domain]
        assert ladders.floor_of(swept, panels[0], f"kid[shapes]@{domain}") is None
    assert ladders.floor_of(swept, panels[0], "fid[shapes]@c") is None
    frame = tables["ladder"].frame.set_index(["metric", "row"]).sort_index()
    assert frame.loc[("fid[shapes]@b", "noise"), "value"] == 250
    assert frame.loc[("fid[shapes]@a", "untrained generator"), "n"] == 200
    assert frame.loc[("kid[shapes]@b", "untrained generator"), "n"] == 180
    untrained = [aggregate.values(panel, loss, "fid[shapes]@b", "untrained") for panel in panels for loss in LOSSES]
    expected = median(value for by_seed in untrained for value in by_seed.values())
    assert frame.loc[("fid[shapes]@b", "untrained generator"), "value"] == expected
    assert not any("true" in metric or "cycle" in metric for metric, _ in frame.index)


def test_the_true_error_is_compared_by_ratios(panels, tables):
    assert [name for name in aggregate.compared(panels[0]) if name not in DISTANCES] == ["true_share@a", "true_share@b"]
    panel = panels[2]
    ours, theirs = (aggregate.values(panel, loss, "true_share@b", "best") for loss in ("lsgan", "bce"))
    frame = tables["comparisons"].frame.set_index(["note", "loss", "metric", "moment"])
    row = frame.loc[("cycle_weight 10", "lsgan", "true_share@b", "best")]
    assert (row.kind, row.pairs, row.low) == ("ratio", 2, "too few seeds")
    np.testing.assert_allclose(row.middle, median(ours[seed] / theirs[seed] for seed in (0, 1)))
    assert "true_share" in tables["comparisons"].note


def test_the_summary_speaks_of_every_direction_and_gives_no_verdict(swept, panels):
    text = paragraph(swept, panels[2])
    into_a, into_b = text.split("*Into domain b:*")
    assert "*Into domain a:* Median fid[shapes]@a of the best state: bce" in into_a
    assert into_b.strip().startswith("Median fid[shapes]@b of the best state: bce")
    assert "(floor 1.50, " in into_a
    assert "(floor 2.50, " in into_b
    error = aggregate.middle(panels[2], "lsgan", "true_share@b", "best")
    assert f"lsgan {number(error)}, wgangp" in into_b.split("Median true_share@b")[1]
    assert "2 seeds per loss: too few for a verdict on quality." in text
    assert "(better)" not in text
    assert "(worse)" not in text


def test_six_seeds_are_not_called_too_few(run, crossed):
    assert "too few for a verdict" not in paragraph(run, make_panels(run)[0])
    assert "too few for a verdict" not in paragraph(crossed, make_panels(crossed)[0])


def test_the_table_of_translation_has_both_directions(tables, panels):
    table, panel = tables["translation"], panels[0]
    rows = rows_of(table.markdown.split("true error")[1].split("####")[0])
    assert rows[0][1:3] == ["true_share@a (lower)", "true_share@b (lower)"]
    assert rows[0][7:] == ["kept@a (higher)", "kept@b (higher)"]
    lines = {row[0]: row[1:] for row in rows[2:]}
    assert list(lines) == [*(f"{loss}: 2 of 2" for loss in LOSSES), "untrained generators"]
    values = list(aggregate.values(panel, "bce", "true_share@b", "best").values())
    assert lines["bce: 2 of 2"][1] == number(median(values))
    frame = table.frame.set_index(["note", "loss"])
    row = frame.loc[("cycle_weight 1", "bce")]
    np.testing.assert_allclose(
        [row["best true_share@b"], row["final true_share@b"]], [median(values), 1.1 * median(values)]
    )
    assert {"best lost_noise8@a", "final cycle_psnr@b", "best true_l1@a", "best identity_l1@b"} <= set(frame.columns)
    assert "arXiv:1712.02950" in table.note
    assert "stripes" in table.note


def test_without_a_truth_only_the_round_trip_is_shown(make_translations):
    table = tables_of(load(make_translations(("bce",), 1, (10,), truth=False)))["translation"]
    assert "true_" not in table.markdown
    assert "kept" not in table.markdown
    assert "stripes" not in table.note
    assert "cycle_psnr@a (higher)" in table.markdown


def test_a_loss_that_was_not_finished_says_so_in_the_table(make_translations):
    folder = make_translations(("bce", "lsgan"), 1, (10,))
    path = next(folder.glob("cyclegan/**/lsgan/*/record.json"))
    change(path, lambda record: record.update(status="diverged"))
    lines = {row[0]: row[1:] for row in rows_of(tables_of(load(folder))["translation"].markdown)}
    assert set(lines["lsgan: 0 of 1 (1 diverged)"]) == {"diverged"}


def test_a_run_of_one_domain_has_nothing_of_translations(run, crossed):
    for one in (run, crossed):
        assert "translation" not in tables_of(one)
        assert not any(drawn(kind, one) for kind in (slopes, tradeoff))
        assert "Translations" not in reading(make_panels(one))
        assert samples.remark(make_panels(one)) == saturation.remark(make_panels(one)) == ""


def test_every_csv_of_two_domains_is_read_back_without_a_blank(tables):
    for table in tables.values():
        frame = pd.read_csv(io.StringIO(table.csv()), keep_default_na=False)
        for name in set(frame.columns) - {"note"}:
            assert not (frame[name].astype(str).str.strip() == "").any(), (table.name, name)


def test_a_control_without_discriminator_lacks_nothing(tables, pictures, panels):
    frame = tables["saturation"].frame.set_index(["note", "network", "statistic", "loss"]).sort_index()
    assert frame.loc[("cycle_weight 1", "a", "accuracy", CONTROL), "late"] == "no discriminator"
    assert frame.loc[("cycle_weight 1", "generator", "adversarial_to_cycle", CONTROL), "late"] == "no discriminator"
    assert frame.loc[("cycle_weight 1", "generator", "gradient_norm_cycle", CONTROL), "late"] > 0
    assert "adversarial_to_cycle" in tables["saturation"].note
    assert [panels[0].adversarial(loss) for loss in LOSSES] == [True, True, True, False]
    for figure in pictures["logits"].values():
        words = [text.get_text() for axis in figure.axes for text in axis.texts]
        assert words == ["trains no discriminator"] * 2


def test_a_cell_without_curves_is_not_taken_for_a_control(make_translations):
    folder = make_translations(("bce",), 1, (10,))
    next(folder.glob("cyclegan/**/curves.jsonl")).unlink()
    assert make_panels(load(folder))[0].adversarial("bce")


def test_a_run_of_the_control_alone_has_a_report(make_translations, capsys):
    folder = make_translations((CONTROL,), 1, (10,))
    assert main([str(folder)]) == 0
    names = {path.name for path in (folder / "report" / "figures").glob("*.svg")}
    assert "saturation-cyclegan-shapes-controlled-generator.svg" in names
    assert not any(name.startswith(("logits", "slopes")) for name in names)


def test_the_generators_statistics_have_a_figure_of_their_own(pictures, panels):
    names = [name.removeprefix(panels[0].slug) for name in pictures["saturation"] if name.startswith(panels[0].slug)]
    assert names == ["-a", "-b", "-generator"]
    figure = pictures["saturation"][f"{panels[0].slug}-generator"]
    axes = {axis.get_title(loc="left"): axis for axis in figure.axes}
    # The control's adversarial gradient is 0 everywhere, and must not make the others' axis linear.
    assert {axes[name].get_yscale() for name in axes if name.startswith(("gradient of", "adversarial"))} == {"log"}
    assert "adversarial over cycle" in axes
    assert "adversarial over cycle" not in {
        axis.get_title(loc="left") for axis in pictures["saturation"][f"{panels[0].slug}-a"].axes
    }


def test_a_statistic_that_nobody_has_is_said_not_to_be_recorded(swept, panels):
    figure = mpl.figure.Figure()
    saturation.draw_statistic(figure.subplots(), panels[0], palette_of(swept, LOSSES), "nowhere", "signal")
    assert [text.get_text() for text in figure.axes[0].texts] == ["not recorded"]


def test_the_generators_have_an_axes_each_and_not_every_name(pictures, panels):
    assert list(layers.layers(panels[0])) == ["a", "b", "generator, part a", "generator, part b"]
    figure = next(iter(pictures["layers"].values()))
    axis = next(axis for axis in figure.axes if axis.get_title(loc="left").startswith("generator, part b"))
    labels = [label.get_text() for label in axis.get_xticklabels()]
    assert labels[:2] == ["layers.0.0", "layers.1.0"]
    assert len(labels) <= layers.LABELS
    assert len(axis.lines[0].get_xdata()) == 24


def test_terms_of_one_kind_stand_beside_each_other(swept, panels):
    kinds = ("discriminator", "adversarial", "cycle", "identity", "penalty")
    assert curves.terms(panels) == [f"{kind}_{domain}" for kind in kinds for domain in "ab"]


def test_many_variants_stand_two_and_two_in_figures_with_names_of_their_own(panels, pictures):
    assert [[panel.varied["cycle_weight"] for panel in group] for group in together(panels)] == [[1, 3], [10, 30]]
    assert [len(group) for group in together(panels[:3])] == [3]
    assert len(pictures["seeds"]) == len(pictures["curves"]) == 2
    figure = next(iter(pictures["seeds"].values()))
    assert [axis.get_ylabel() for axis in figure.axes[::2]] == DISTANCES


def test_what_samples_of_translations_are_stands_above_them(pictures, panels, make_translations):
    figure = pictures["samples"][f"{panels[0].slug}-b"]
    assert "Translations into b" in figure.texts[0].get_text()
    assert figure.texts[0].get_text().endswith("input, translation, round trip, truth)")
    assert [axis.get_title() for axis in figure.axes][:2] == ["real test images", "bce, seed 0, step 400"]
    assert "test images" in samples.remark(panels)
    unknown = drawn(samples, load(make_translations(("bce",), 1, (10,), truth=False)))
    assert unknown["cyclegan-shapes-controlled-b"].texts[0].get_text().endswith("input, translation, round trip)")


def test_the_tradeoff_joins_a_sweep_in_the_order_of_its_number(swept, panels, pictures):
    (figure,) = pictures["tradeoff"].values()
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["into a", "into b"]
    axis = figure.axes[1]
    colour = palette_of(swept, LOSSES)["lsgan"].colour
    own = [line for line in axis.lines if to_hex(line.get_color()) == colour.lower()]
    line = next(line for line in own if line.get_markersize() == 5)
    for metric, shown in (("fid[shapes]@b", line.get_xdata()), ("true_share@b", line.get_ydata())):
        np.testing.assert_allclose(shown, [aggregate.middle(panel, "lsgan", metric, "best") for panel in panels])
    assert line.get_linestyle() == "-"
    assert sum(len(seed.get_xdata()) for seed in own if seed.get_markersize() < 5) == 2 * len(WEIGHTS)
    assert [text.get_text() for text in axis.texts] == [*map(str, WEIGHTS)] * len(LOSSES)
    assert axis.get_xscale() == "log"
    assert axis.get_xlim()[0] < min(line.get_xdata()) < max(line.get_xdata()) < axis.get_xlim()[1]


def test_without_a_truth_the_round_trip_from_the_other_domain_stands_in(make_translations):
    run = load(make_translations(("bce", "lsgan"), 2, (10,), truth=False))
    panel = make_panels(run)[0]
    assert tradeoff.right(panel, "fid[shapes]@b") == "cycle_psnr@a"
    (figure,) = drawn(tradeoff, run).values()
    assert figure.axes[0].get_ylabel().startswith("cycle_psnr@b")
    line = next(line for line in figure.axes[0].lines if line.get_markersize() == 5)
    assert line.get_linestyle() == "None"  # nothing was swept
    assert {text.get_text() for text in figure.axes[0].texts} == {""}


@pytest.mark.parametrize(
    ("numbers", "names"),
    [
        ([{"w": 1, "v": 10}, {"w": 3, "v": 5}], ["w", "v"]),
        ([{"w": 1, "v": 10}, {"w": 3, "v": 10}, {"w": 4, "v": 5}], []),
        ([{"w": "l1"}, {"w": "l2"}], []),
        ([{"w": 1}], []),
    ],
)
def test_what_was_swept_rises_or_falls_together(panels, numbers, names):
    class Variant:
        def __init__(self, varied):
            self.varied = varied

    assert tradeoff.swept([Variant(varied) for varied in numbers]) == names


def test_slopes_are_drawn_below_the_translations_on_one_scale(pictures, panels, swept_folder):
    figure = pictures["slopes"][f"{panels[2].slug}-b"]
    maps = [axis.images[0] for axis in figure.axes if axis.images and axis.images[0].get_cmap().name == "viridis"]
    assert len(maps) == 3 * 5
    assert len({(image.norm.vmin, image.norm.vmax) for image in maps}) == 1
    path = next(panels[2].of("lsgan")[0].folder.glob("maps.json"))
    slope = np.array(read_json(path)["domains"]["b"]["slopes"][2])
    np.testing.assert_allclose(maps[5 + 2].get_array(), np.clip(np.abs(slope), maps[0].norm.vmin, maps[0].norm.vmax))
    words = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert words[::2] == ["bce\nseed 0", "lsgan\nseed 0", "wgangp\nseed 0"]
    assert words[-1] == "|slope|\n1 to 1"
    strip = mpl.image.imread(path.parent / "maps" / "b.png")
    np.testing.assert_array_equal(slopes.cut(strip, 5)[1], strip[:, 32:64])


def test_maps_that_show_nothing_are_left_out(make_translations):
    folder = make_translations(("bce", "lsgan", "wgangp"), 2, (10,))
    cells = {cell.identity.split("/")[-2:][0] + str(cell.seed): cell.folder for cell in load(folder).cells}
    write_maps(cells["bce0"], "bce", side=1)
    write_maps(cells["bce1"], "bce", side=1)
    (cells["lsgan0"] / "maps.json").write_text("{")
    (cells["wgangp0"] / "maps" / "b.png").write_bytes(b"no picture")
    write_json(cells["wgangp1"] / "maps.json", {"domains": {"a": None, "b": {"slopes": [[0.5]]}}})
    found = drawn(slopes, load(folder))
    words = {
        name[-1]: [text.get_text() for axis in figure.axes for text in axis.texts][::2]
        for name, figure in found.items()
    }
    assert words == {"a": ["lsgan\nseed 1", "wgangp\nseed 0"], "b": ["lsgan\nseed 1"]}


def test_slopes_that_are_zero_or_not_finite_are_no_error(make_translations):
    folder = make_translations(("bce", "lsgan"), 1, (10,))
    for path, value in zip(sorted(folder.glob("cyclegan/**/maps.json")), (0.0, None), strict=True):
        change(path, lambda content, value=value: content["domains"].update(b={"slopes": [[[value] * 3] * 3] * 5}))
    figure = drawn(slopes, load(folder))["cyclegan-shapes-controlled-b"]
    FigureCanvasAgg(figure).draw()
    words = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert words[1::2] == ["|slope|\n0 to 0", "|slope|\nnot finite"]


def test_a_loss_that_teaches_nothing_is_named_where_it_has_no_line(swept):
    (figure,) = drawn(shapes, swept).values()
    slope = figure.axes[3]
    assert [text.get_text() for text in slope.texts] == ["0 everywhere: none"]
    assert len(slope.lines) == 2
    assert len(figure.axes[2].lines) == 3


def test_losses_times_penalties_are_shown_for_every_domain(make_translations):
    run = load(make_translations(("bce", "bce+gp"), 2, (10,)))
    frame = tables_of(run)["factorial"].frame
    assert list(frame.metric.unique()) == ["fid[shapes]@a", "fid[shapes]@b"]
    row = frame[(frame.metric == "fid[shapes]@b") & (frame.loss == "bce+gp")].iloc[0]
    assert row.best == aggregate.middle(make_panels(run)[0], "bce+gp", "fid[shapes]@b", "best")
    found = dict(next(kind for kind in FIGURES if kind.name == "factorial").draw(run, make_panels(run)))
    assert list(found) == ["cyclegan-shapes-controlled-a", "cyclegan-shapes-controlled-b"]


def test_the_page_of_two_domains(make_translations, capsys):
    folder = make_translations(LOSSES, 2, (3, 10))
    assert main([str(folder)]) == 0
    text = (folder / "report" / "report.md").read_text()
    assert "- **Translations.**" in text
    assert text.count("### Right or only real-looking") == text.count("### Slopes patch by patch") == 1
    assert "Settings of its own (cycle_weight 3)" in text
    assert "Passport of its own" not in text


@pytest.mark.slow
def test_a_hostile_name_breaks_neither_table_nor_figure(make_translations, tmp_path):
    run = load(make_translations(("bce", HOSTILE), 1, (3, 10)))
    text = tables_of(run)["translation"].markdown
    assert "<b>" not in text
    assert len({len(row) for row in rows_of(text.replace(r"\|", "")) if "kept" in str(row) or "<b>" in str(row)}) == 1
    files = list(save_figures(run, make_panels(run), tmp_path / "figures"))
    assert [kind.name for kind, names in files if not names] == ["factorial", "pareto", "cost"]
    for path in (tmp_path / "figures").glob("*.svg"):
        ElementTree.parse(path)


@pytest.mark.parametrize("kind", [tradeoff, slopes, samples, saturation, layers, seeds, curves, logits])
def test_nothing_runs_into_anything_else(pictures, kind):
    for figure in itertools.islice(pictures[kind.KIND.name].values(), 4):
        FigureCanvasAgg(figure).draw()
        axes = [axis.get_tightbbox() for axis in figure.axes]
        heads = [text.get_window_extent() for text in figure.texts]
        for box in [*axes, *heads]:
            assert box.x0 >= -1
            assert box.x1 <= figure.bbox.x1 + 1
            assert box.y0 >= -1
            assert box.y1 <= figure.bbox.y1 + 1
        for one, other in itertools.combinations([*axes, *heads], 2):
            across = min(one.x1, other.x1) - max(one.x0, other.x0)
            down = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(across, down) < 2
