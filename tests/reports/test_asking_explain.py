import json
import re
from dataclasses import replace
from statistics import median

import pytest

from reports.asking import drawing
from reports.asking.charts import BLOCKS, GAP, MARKS, chart, charts
from reports.asking.drawing import save_figure
from reports.asking.explain import explain, home
from reports.asking.finding import find_cell, panels_of, spelling
from reports.asking.tracks import Track, tracks
from reports.asking.words import WIDTH, AskError, encodable
from reports.curves import NO_CURVES
from reports.loading import load
from reports.timings import step_seconds


def one_line(text):
    return " ".join(text.split())


def told(run, part):
    return one_line(explain(run, find_cell(run, part)))


def track(*values, **options):
    return Track("curve", "unit", tuple(range(len(values))), values, **options)


@pytest.fixture(scope="module")
def statuses(write, tmp_path_factory):
    """A run in which every status is met once."""
    ends = ("done", "collapsed", "stalled", "diverged", "failed", "skipped")
    known = {("controlled", "bce", seed): status for seed, status in enumerate(ends)}
    folder = write(
        tmp_path_factory.mktemp("statuses") / "run", ("bce", "lsgan"), 6, statuses=known, recipes=("controlled",)
    )
    damaged = next(folder.glob("dcgan/digits/controlled/lsgan/seed0-*"))
    (damaged / "record.json").write_text("{")
    bare = next(folder.glob("dcgan/digits/controlled/lsgan/seed1-*"))
    (bare / "curves.jsonl").unlink()
    torn = next(folder.glob("dcgan/digits/controlled/lsgan/seed2-*")) / "curves.jsonl"
    torn.write_text(torn.read_text() + '{"step": "x"}\n')
    return load(folder)


def test_a_cell_is_found_by_its_id_its_names_and_any_part_that_no_other_has(run):
    cell = next(c for c in run.cells if (c.recipe, c.loss, c.seed) == ("controlled", "bce", 1))
    for part in (cell.identity, spelling(cell), "controlled/bce/seed1", "olled/bce/seed1", f" /{cell.identity}/ "):
        assert find_cell(run, part) is cell


def test_whole_words_of_an_id_come_before_mere_parts(run):
    cell = find_cell(run, "controlled/bce/seed1")
    names = {"bce": "t/d/r/bce/seed1-a", "bce+r1:10": "t/d/r/bce+r1-10-b1c2/seed1-b", "x": "t/d/r/x-bce/seed10-c"}
    cells = [replace(cell, loss=loss, record={"id": identity}) for loss, identity in names.items()]
    several = replace(run, cells=tuple(cells))
    assert find_cell(several, "bce/seed1").loss == "bce"
    assert find_cell(several, "bce+r1:10/seed1").loss == "bce+r1:10"
    assert find_cell(several, "seed10").loss == "x"


def test_what_is_meant_by_several_or_none_is_told_with_the_nearest_ids(run):
    with pytest.raises(AskError, match=r"^bce/seed1 is part of 2 cells \(dcgan/digits/controlled/bce/seed1-\w{8} and "):
        find_cell(run, "bce/seed1")
    with pytest.raises(
        AskError, match=r"^no cell's id holds contrled/bce/seed1; the nearest: dcgan/digits/controlled/bce"
    ):
        find_cell(run, "contrled/bce/seed1")
    with pytest.raises(AskError, match=r"and \d+ more\); give more of the id\.$"):
        find_cell(run, "")


def test_the_paragraph_says_what_the_record_says(run):
    cell = find_cell(run, "controlled/bce/seed3")
    text = told(run, "controlled/bce/seed3")
    every = [c.metrics("best")["fid[digits]"] for c in run.cells if c.recipe == "controlled" and c.quality]
    own = [c.metrics("best")["fid[digits]"] for c in run.cells if (c.recipe, c.loss) == ("controlled", "bce")]
    best = cell.metrics("best")["fid[digits]"]
    assert f"Its best fid[digits] on test is {best:.3g} (step 500, chosen by the lowest kid[digits]" in text
    assert "the final one" in text
    assert "1.10 times the best" in text
    places = [sorted(own).index(best) + 1, sorted(every).index(best) + 1]
    found = re.search(
        r": (\d+)\w\w of (\d+) seeds of bce .*, (\d+)\w\w of (\d+) in its panel \(median ([\d.]+)\)", text
    )
    assert [int(found[1]), int(found[3])] == places
    assert [int(found[2]), int(found[4])] == [8, 23]
    assert float(found[5]) == pytest.approx(median(every), abs=0.05)
    assert "real images against real ones have 1.20" in text
    assert "it lost 0.700 decades (0.200 times as large)" in text
    late = cell.record["saturation"]["image"]["accuracy"]["early"]
    assert f"accuracy went from {late:.3f} to 0.500" in text
    assert f"threads: 2; its 500 steps make {500 * step_seconds(run, panels_of(run)[0])['bce']:.3g} s." in text
    assert str(cell.folder) in text


def test_lines_fit(run):
    assert max(map(len, explain(run, find_cell(run, "controlled/bce/seed3")).splitlines()[:-1])) <= WIDTH


def test_seconds_of_a_step_are_those_of_the_timing_pass(run):
    entries = {(entry["recipe"], entry["loss"]): entry for entry in run.timings[0]["entries"]}
    wall = entries["controlled", "bce"]["wall"]
    assert f"A step takes {1e3 * median(wall):.3g} ms [" in told(run, "controlled/bce/seed0")


@pytest.mark.parametrize(
    ("seed", "words"),
    [
        (0, "It was trained to its end, step 500."),
        (1, "but collapsed at step 490 (collapse, as the test asks)."),
        (2, "but stalled at step 490 (stall, as the test asks)."),
        (3, "It diverged at step 240 (not finite, as the test asks), and was given up at step 250 of 500."),
        (4, "It failed at step 0 of 500 (OSError: no /home/me/x/y.png)."),
        (5, "It was skipped (batch norm mixes samples): nothing was trained."),
    ],
)
def test_every_end_has_its_words(statuses, seed, words):
    text = told(statuses, f"bce/seed{seed}")
    assert words in text
    assert ("It has no quality values." in text) == (seed in (3, 4))
    assert ("A step takes" in text) == (seed != 5)


def test_a_damaged_record_and_damaged_curves_are_told(statuses):
    assert "Its record is damaged" in told(statuses, "lsgan/seed0")
    assert "curves.jsonl is damaged (line 21" in told(statuses, "lsgan/seed2")
    assert "damaged" not in told(statuses, "lsgan/seed3")


def test_a_cell_that_went_on_says_so(run):
    cell = find_cell(run, "controlled/bce/seed0")
    times = {"resumed": 2, "finished": "2026-01-01"}
    again = replace(cell, record={**cell.record, "time": times})
    assert "was interrupted and went on 2 times." in one_line(explain(replace(run, cells=(again,)), again))


def test_a_cell_without_anything_beside_its_status_gets_sensible_words(run):
    cell = find_cell(run, "controlled/bce/seed0")
    bare = replace(cell, record={"id": "x/y", "status": "done", "step": None}, curves=NO_CURVES)
    text = one_line(explain(replace(run, cells=(bare,), timings=(), ladders=()), bare))
    for words in ("step unknown", "It has no quality values.", "no summary of its gradients", "No timing pass"):
        assert words in text
    assert tracks(run, home(run, bare)[0], bare) == []


def test_quality_without_a_final_state_and_without_the_metric(run):
    cell = find_cell(run, "controlled/bce/seed0")
    best = {"step": 10, "metrics": {"fid[digits]": None, "kid[digits]": 0.1}}
    none = replace(cell, record={**cell.record, "quality": {"best": best}})
    assert "It has no fid[digits]: its fakes could not be measured." in one_line(
        explain(replace(run, cells=(none,)), none)
    )
    some = replace(cell, record={**cell.record, "quality": {"best": {"metrics": {"fid[digits]": 4.0}}}})
    assert "is 4.00 (step unknown), with no final one" in one_line(explain(replace(run, cells=(some,)), some))


def test_a_trial_is_explained_and_compared_with_nothing(run):
    trial = replace(find_cell(run, "controlled/bce/seed0"), recipe="trial")
    alone = replace(run, cells=(trial,))
    assert panels_of(alone) == []
    assert "It stands in no panel" in one_line(explain(alone, trial))
    assert "of 8 seeds" not in one_line(explain(alone, trial))


def test_several_domains_have_a_sentence_each(run):
    cell = find_cell(run, "controlled/bce/seed0")
    quality = {"best": {"step": 1, "metrics": {"fid[shapes]@a": 2.0, "fid[shapes]@b": 3.0}}}
    saturation = dict.fromkeys(("a", "b"), cell.record["saturation"]["image"])
    two = replace(cell, record={**cell.record, "quality": quality, "saturation": saturation})
    text = one_line(explain(replace(run, cells=(two,)), two))
    for domain in ("a", "b"):
        assert f"Its best fid[shapes]@{domain}" in text
        assert f"Gradient at the fakes ({domain})" in text


def test_no_name_steers_the_terminal(run):
    cell = replace(find_cell(run, "controlled/bce/seed0"), loss="x\x1b[31m\nred")
    odd = replace(cell, record={**cell.record, "id": "a/\x1b]0;b"})
    text = explain(replace(run, cells=(odd,)), odd)
    assert "\x1b" not in text
    assert "x?[31m red" in one_line(text)


def test_a_chart_has_its_least_value_lowest_and_its_most_highest():
    assert chart(track(*range(8))) == BLOCKS
    assert chart(track(*range(8)), MARKS) == MARKS
    assert chart(track(5.0, 5.0)) == BLOCKS[4] * 2
    assert chart(track(1.0, None, 2.0)) == f"{BLOCKS[0]}{GAP}{BLOCKS[7]}"
    assert chart(track(-1.7e308, 0.0, 1.7e308)) == BLOCKS[0] + BLOCKS[4] + BLOCKS[7]


def test_many_values_share_letters_and_keep_their_order():
    found = chart(track(*map(float, range(1000))))
    assert len(found) == 40
    assert [BLOCKS.index(letter) for letter in found] == sorted(BLOCKS.index(letter) for letter in found)
    assert chart(track(*([1.0] * 50 + [None] * 50)), wide=2) == BLOCKS[4] + GAP


def test_ratios_are_drawn_as_logarithms_where_all_are_positive():
    values = [10.0**power for power in range(8)]
    assert chart(track(*values, logarithmic=True)) == BLOCKS
    assert chart(track(0.0, *values[1:], logarithmic=True)) == chart(track(0.0, *values[1:]))


def test_numbers_stand_beside_a_chart(run):
    cell = find_cell(run, "controlled/wgangp/seed0")
    found = {each.name: each for each in tracks(run, home(run, cell)[0], cell)}
    assert found["penalty_image"].values == (0.5,) * 20
    assert found["discriminator_image"].rest == 0.0
    quality = found["fid[digits] on validation"]
    assert (quality.floor, quality.logarithmic, quality.steps[0], quality.steps[-1]) == (1.2, True, 0, 500)
    line = next(line for line in charts([quality], "utf-8").splitlines() if line.startswith("fid"))
    ends = [cell.quality["along"][place]["metrics"]["fid[digits]"] for place in (0, -1)]
    assert re.split(r" {2,}", line)[2:4] == [f"{value:.3g}" for value in ends]
    assert charts([quality], "ascii").isascii()


def test_letters_that_an_encoding_lacks_are_spelled_otherwise():
    assert encodable("1 → 2 … ‖g‖ ☃", "ascii") == "1 -> 2 ... ||g|| ?"
    assert encodable("1 … 2 é", "latin-1") == "1 ... 2 é"


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_a_figure_is_the_same_to_the_byte_and_of_its_format(run, tmp_path, suffix):
    cell = find_cell(run, "controlled/bce/seed0")
    few = tracks(run, home(run, cell)[0], cell)[:1]
    for name in ("one", "two"):
        save_figure(run, cell, few, tmp_path / f"{name}.{suffix}")
    first = (tmp_path / f"one.{suffix}").read_bytes()
    assert first == (tmp_path / f"two.{suffix}").read_bytes()
    assert first.startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix])


def test_a_figure_draws_every_curve_with_its_equilibrium_and_floor(run, monkeypatch, tmp_path):
    drawn = []
    monkeypatch.setattr(drawing, "save", lambda figure, path: drawn.append(figure))
    cell = find_cell(run, "controlled/bce/seed0")
    found = tracks(run, home(run, cell)[0], cell)
    save_figure(run, cell, found, tmp_path / "x.png")
    axes = {axis.get_title(loc="left"): axis for axis in drawn[0].axes}
    assert list(axes) == [each.name for each in found]
    assert [line.get_ydata()[0] for line in axes["discriminator_image"].lines[1:]] == [pytest.approx(1.386, abs=1e-3)]
    assert [line.get_ydata()[0] for line in axes["fid[digits] on validation"].lines[1:]] == [1.2]
    assert axes["fid[digits] on validation"].get_ylim()[0] < 1.2


@pytest.mark.parametrize("rest", [2.0, [2.0, 9.0]])
def test_where_a_curve_rests_is_inside_of_its_axes(run, monkeypatch, tmp_path, rest):
    drawn = []
    monkeypatch.setattr(drawing, "save", lambda figure, path: drawn.append(figure))
    outlier = track(*[5.0, 6.0] * 20, 50.0, rest=rest)  # to which the axis is not stretched
    save_figure(run, find_cell(run, "controlled/bce/seed0"), [outlier], tmp_path / "x.png")
    low, high = drawn[0].axes[0].get_ylim()
    assert low < 2.0
    assert (9.0 < high < 50.0) == isinstance(rest, list)


@pytest.mark.parametrize("name", ["x.jpg", "x", "missing/x.png"])
def test_a_figure_that_cannot_be_saved_is_one_sentence(run, tmp_path, name):
    cell = find_cell(run, "controlled/bce/seed0")
    few = tracks(run, home(run, cell)[0], cell)[:1]
    with pytest.raises(AskError, match=r"--figure") as told:
        save_figure(run, cell, few, tmp_path / name)
    assert "\n" not in str(told.value)
    with pytest.raises(AskError, match="no curves"):
        save_figure(run, cell, [], tmp_path / "x.png")


def test_an_explanation_is_the_same_again(run):
    cell = find_cell(run, "controlled/lsgan/seed7")
    assert json.dumps(explain(run, cell)) == json.dumps(explain(run, cell))
