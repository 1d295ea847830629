import json
from statistics import median

import numpy as np
import pytest

from benchmarks.records import write_json
from reports import aggregate, ladders
from reports.loading import load
from reports.panels import make_panels
from reports.timings import step_seconds, step_times


def records_of(folder, recipe, loss):
    paths = folder.glob(f"dcgan/digits/{recipe}/{loss}/*/record.json")
    return {record["cell"]["seed"]: record for record in (json.loads(path.read_text()) for path in paths)}


def fid(record, moment="best"):
    return record["quality"][moment]["metrics"]["fid[digits]"]


@pytest.fixture
def controlled(run):
    return make_panels(run)[0]


def test_a_panel_holds_one_recipe_and_all_its_losses(run):
    panels = make_panels(run)
    assert [panel.recipe for panel in panels] == ["controlled", "published"]
    assert panels[0].losses == ("bce", "lsgan", "wgangp")
    assert panels[1].losses == ("bce", "lsgan", "wgangp", "r3gan")
    assert {panel.reference for panel in panels} == {"bce"}


def test_medians_are_over_the_finished_seeds(run_folder, controlled):
    done = [
        fid(record) for record in records_of(run_folder, "controlled", "lsgan").values() if record["status"] == "done"
    ]
    assert len(done) == 7
    assert aggregate.middle(controlled, "lsgan", "fid[digits]", "best") == median(done)


def test_the_ratio_is_the_median_over_the_pairs_of_seeds(run_folder, controlled):
    ours, theirs = (records_of(run_folder, "controlled", loss) for loss in ("lsgan", "bce"))
    ratios = [fid(ours[seed]) / fid(theirs[seed]) for seed in range(7)]
    comparison = aggregate.compare(controlled, "lsgan", "fid[digits]")
    assert (comparison.kind, comparison.pairs) == ("ratio", 7)
    np.testing.assert_allclose(comparison.middle, median(ratios))
    assert comparison.p == 2 / 2**7  # every ratio is below 1
    assert comparison.low < np.exp(np.mean(np.log(ratios))) < comparison.high < 1


def test_kernel_distances_are_compared_by_differences(run_folder, controlled):
    ours, theirs = (records_of(run_folder, "controlled", loss) for loss in ("wgangp", "bce"))
    differences = [(fid(ours[seed]) - fid(theirs[seed])) / 100 for seed in range(8)]
    comparison = aggregate.compare(controlled, "wgangp", "kid[digits]")
    assert comparison.kind == "difference"
    np.testing.assert_allclose(comparison.middle, median(differences))


def test_any_loss_can_be_the_reference(controlled):
    there = aggregate.compare(controlled, "wgangp", "fid[digits]", reference="lsgan")
    back = aggregate.compare(controlled, "lsgan", "fid[digits]", reference="wgangp")
    assert (there.reference, there.pairs) == ("lsgan", 7)
    np.testing.assert_allclose([there.middle, there.low, there.high], [1 / back.middle, 1 / back.high, 1 / back.low])
    assert (there.direction, back.direction) == ("higher (worse)", "lower (better)")
    assert aggregate.compare(controlled, "lsgan", "fid[digits]") == aggregate.compare(
        controlled, "lsgan", "fid[digits]", reference="bce"
    )


def test_the_interval_says_the_direction():
    ends = {(0.8, 1.1): "no difference shown", (None, None): "too few seeds", (1.1, 1.2): "higher (worse)"}
    for (low, high), words in ends.items():
        assert aggregate.Comparison("a", "b", "fid", "best", "ratio", 5, 0.9, low, high, 0.1).direction == words
    assert aggregate.Comparison("a", "b", "kid", "best", "difference", 8, -1.0, -2.0, -0.5, 0.1).direction.startswith(
        "lower"
    )
    assert aggregate.Comparison("a", "b", "fid", "best", "ratio", 0).direction == "no pairs"


def test_a_frechet_distance_stands_for_quality_where_there_is_one(make_run):
    folder = make_run(("bce",), 1, recipes=("controlled",))
    assert aggregate.primaries(make_panels(load(folder))[0]) == ["fid[digits]"]
    path = next(folder.glob("dcgan/digits/controlled/bce/*/record.json"))
    record = json.loads(path.read_text())
    for names, expected in ((("kid[x]", "fid[x]"), "fid[x]"), (("copy_rate", "kid[x]"), "kid[x]")):
        record["quality"]["best"]["metrics"] = dict.fromkeys(names, 1.0)
        write_json(path, record)
        assert aggregate.primaries(make_panels(load(folder))[0]) == [expected]


def test_the_ceiling_is_the_untrained_median(controlled):
    np.testing.assert_allclose(
        aggregate.ceiling(controlled, "fid[digits]"), median([100.0 + s for s in [*range(8), *range(7), *range(8)]])
    )


def test_values_of_an_unfinished_cell_do_not_count(make_run):
    folder = make_run(("bce", "lsgan"), 2)
    path = next(folder.glob("dcgan/digits/controlled/lsgan/seed1-*/record.json"))
    write_json(path, {**json.loads(path.read_text()), "status": "diverged"})
    panel = make_panels(load(folder))[0]
    assert list(aggregate.values(panel, "lsgan", "fid[digits]", "best")) == [0]
    assert aggregate.compare(panel, "lsgan", "fid[digits]").pairs == 1


def test_the_first_loss_is_the_reference_without_bce(make_run):
    panel = make_panels(load(make_run(("lsgan", "wgangp"), 2)))[0]
    assert panel.reference == "lsgan"


def test_few_seeds_give_no_interval(make_run):
    panel = make_panels(load(make_run(("bce", "lsgan"), 5)))[0]
    comparison = aggregate.compare(panel, "lsgan", "fid[digits]")
    assert (comparison.low, comparison.high, comparison.pairs) == (None, None, 5)


def test_unlike_passports_are_never_in_one_panel(make_run):
    folder = make_run(("bce", "lsgan"), 2)
    path = next(folder.glob("dcgan/digits/controlled/lsgan/seed1-*/record.json"))
    record = json.loads(path.read_text())
    record["quality"]["passport"]["extractor"] = "inception"
    write_json(path, record)
    panels = [panel for panel in make_panels(load(folder)) if panel.recipe == "controlled"]
    assert sorted((panel.note, len(panel.cells)) for panel in panels) == [
        ("extractor digits", 3),
        ("extractor inception", 1),
    ]


def test_one_loss_and_seed_with_two_numbers_of_steps_makes_two_panels(make_run, make_cell):
    folder = make_run(("bce", "lsgan"), 2)
    for loss in ("bce", "lsgan"):
        make_cell(folder, "controlled", loss, 0, steps=200)
    panels = {panel.label: panel for panel in make_panels(load(folder))}
    assert list(panels) == ["controlled (steps 200)", "controlled (steps 500)", "published"]
    assert len(panels["controlled (steps 200)"].cells) == 2
    assert len(panels["controlled (steps 500)"].cells) == 4


def test_a_statistic_becomes_a_frame_of_steps_and_seeds(controlled):
    frame = aggregate.series(controlled.of("bce"), "saturation", "image", "lipschitz_mean")
    assert list(frame.index) == [100, 200, 300, 400, 500]
    assert list(frame.columns) == list(range(8))
    assert aggregate.series(controlled.of("bce"), "no", "such").empty


def test_seconds_come_from_the_timing_pass(run, run_folder, controlled):
    entries = json.loads((run_folder / "timing" / "test-cpu.json").read_text())["entries"]
    walls = {(entry["recipe"], entry["loss"]): entry["wall"] for entry in entries}
    np.testing.assert_allclose(step_seconds(run, controlled)["bce"], np.median(walls["controlled", "bce"]))
    published = {time.loss: time for time in step_times(run, make_panels(run)[1])}
    ratios = np.divide(walls["published", "wgangp"], walls["published", "bce"])
    np.testing.assert_allclose(published["wgangp"].ratio(), np.quantile(ratios, [0.5, 0.25, 0.75]))
    np.testing.assert_allclose(published["wgangp"].per_update(), np.median(walls["published", "wgangp"]) / 5)
    np.testing.assert_allclose(
        published["wgangp"].per_thousand(), np.median(walls["published", "wgangp"]) / (5 * 64) * 1000
    )


def test_ratios_are_taken_round_by_round(make_run):
    folder = make_run(("bce", "lsgan"), 1)
    path = folder / "timing" / "test-cpu.json"
    timing = json.loads(path.read_text())
    for entry in timing["entries"]:
        entry["wall"] = [1.0, 2.0, 4.0] if entry["loss"] == "bce" else [4.0, 2.0, 2.0]
    write_json(path, timing)
    run = load(folder)
    ours = next(time for time in step_times(run, make_panels(run)[0]) if time.loss == "lsgan")
    np.testing.assert_allclose(ours.ratio(), np.quantile([4.0, 1.0, 0.5], [0.5, 0.25, 0.75]))


def test_device_time_counts_where_there_is_one(make_run):
    folder = make_run(("bce",), 1)
    path = folder / "timing" / "test-cpu.json"
    timing = json.loads(path.read_text())
    for entry in timing["entries"]:
        entry["device"] = [0.5] * 20
    write_json(path, timing)
    run = load(folder)
    assert step_seconds(run, make_panels(run)[0]) == {"bce": 0.5}


def test_a_step_of_other_settings_is_not_taken(make_run):
    folder = make_run(("bce",), 1)
    path = folder / "timing" / "test-cpu.json"
    timing = json.loads(path.read_text())
    for entry in timing["entries"]:
        entry["batch_size"] = 32
    write_json(path, timing)
    run = load(folder)
    assert step_seconds(run, make_panels(run)[0]) == {}


def test_the_floor_is_the_ladders_first_row_of_the_same_features(run, controlled):
    assert ladders.floor_of(run, controlled, "fid[digits]") == 1.2
    assert ladders.floor_of(run, controlled, "fid") is None


def test_skipped_cells_that_have_no_record_are_cells_too(run):
    cell = next(cell for cell in run.cells if cell.loss == "r3gan")
    assert (cell.status, cell.record["reason"], cell.seed) == ("skipped", "batch norm mixes samples", 0)


def test_a_skipped_cell_may_be_named_by_its_id(make_run):
    folder = make_run(("bce",), 1)
    write_json(folder / "run.json", {"skipped": [{"cell": "dcgan/digits/published/r3gan/seed3-abc", "reason": "no"}]})
    cell = next(cell for cell in load(folder).cells if cell.loss == "r3gan")
    assert (cell.recipe, cell.seed, cell.status) == ("published", 3, "skipped")


def test_a_record_without_a_cell_is_told_and_known_by_its_folder(make_run):
    folder = make_run(("bce",), 1)
    path = next(folder.glob("dcgan/**/record.json"))
    write_json(path, {"status": "done"})
    run = load(folder)
    assert [(damage.path, damage.cause) for damage in run.damages] == [
        (path.relative_to(folder).as_posix(), "cell should be there, and is None")
    ]
    cell = next(cell for cell in run.cells if cell.folder == path.parent)
    assert (cell.data, cell.loss, cell.seed, cell.status) == ("digits", "bce", 0, "unreadable")
