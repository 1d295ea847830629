import re
from dataclasses import replace
from statistics import median

import numpy as np
import pytest

from reports.asking.cells import compare_cells
from reports.asking.compare import compare, verdict_of
from reports.asking.finding import find_cell
from reports.asking.words import AskError
from reports.families import family
from reports.panels import make_panels
from reports.text import number

FID = "fid[digits]"


@pytest.fixture(scope="module")
def text(run):
    """wgangp against bce in the recipe in which neither failed."""
    return compare(run, "wgangp", "bce").partition("dcgan on digits, recipe published")[0]


def rows(text):
    """The table's rows by their names."""
    parts = [re.split(r" {2,}", line.strip()) for line in text.splitlines() if line.startswith("  ")]
    return {part[0]: part[1:] for part in parts if len(part) == 3}


def one_line(text):
    return " ".join(text.split())


def best(run, recipe, loss, moment="best"):
    cells = [cell for cell in run.cells if (cell.recipe, cell.loss) == (recipe, loss) and cell.quality]
    return {cell.seed: cell.metrics(moment)[FID] for cell in cells}


def test_medians_and_seeds_won_are_those_of_the_records(run, text):
    found, ours, theirs = rows(text), best(run, "controlled", "wgangp"), best(run, "controlled", "bce")
    assert found[f"best {FID}, median"] == [number(median(part.values())) for part in (ours, theirs)]
    final = [best(run, "controlled", loss, "final").values() for loss in ("wgangp", "bce")]
    assert found[f"final {FID}, median"] == [number(median(part)) for part in final]
    won = sum(ours[seed] < theirs[seed] for seed in ours)
    assert found[f"best {FID}, seeds won of 8"] == [str(won), str(8 - won)]


def test_the_verdict_is_of_the_whole_panels_family_and_turned_to_what_was_asked(run, text):
    judged = family(run, make_panels(run)[0], FID, "best")
    own = next(verdict for verdict in judged.verdicts if (verdict.first, verdict.second) == ("bce", "wgangp"))
    assert own.word == "better"
    words = f"Best: bce is better than wgangp on {FID} (ratio {number(own.ratio)} ["
    assert words in one_line(text)
    assert f"adjusted p = {number(own.p_adjusted)}" in one_line(text)


def test_the_cost_is_the_ratio_of_the_rounds(run, text):
    entries = {(entry["recipe"], entry["loss"]): entry["wall"] for entry in run.timings[0]["entries"]}
    ratios = np.array(entries["controlled", "wgangp"]) / np.array(entries["controlled", "bce"])
    low, middle, high = (number(end) for end in np.quantile(ratios, [0.25, 0.5, 0.75]))
    assert f"median of the rounds [quartiles]: {middle} [{low}, {high}] on Test CPU, threads: 2." in one_line(text)


def test_a_verdict_is_turned_to_the_loss_that_was_asked_first(run):
    judged = family(run, make_panels(run)[0], FID, "best")
    there, back = verdict_of(judged, "bce", "wgangp"), verdict_of(judged, "wgangp", "bce")
    assert (there.first, back.first) == ("bce", "wgangp")
    assert back.ratio == pytest.approx(1 / there.ratio)
    assert verdict_of(judged, "bce", "r3gan") is None


def test_each_device_has_a_ratio_of_its_own_rounds(run):
    entries = [{**entry, "device": entry["wall"][::-1]} for entry in run.timings[0]["entries"]]
    gpu = {**run.timings[0], "device": {"name": "GPU", "kind": "cuda", "fingerprint": "g"}, "entries": entries}
    text = one_line(compare(replace(run, timings=(run.timings[0], gpu)), "wgangp", "bce"))
    found = re.search(r"median of the rounds \[quartiles\]: ([^;]+); (\S+ \[\S+ \S+\] on GPU, threads: 2)\.", text)
    assert found[1].endswith("on Test CPU, threads: 2")


def test_saturation_stands_side_by_side(text):
    assert rows(text)["image: decades_lost"] == ["0 → 0.700"] * 2
    assert rows(text)["image: active_fraction_logit"][0] == "1.00 → 0.500"


def test_settings_that_differ_are_named(run, text):
    assert "Settings: the same but for the loss" in one_line(text)
    other = compare(run, "wgangp", "bce").partition("dcgan on digits, recipe published")[2]
    assert "n_critic 5 against 1, learning_rate 0.0001 against 0.0002 (wgangp against bce)" in one_line(other)


def test_what_is_to_copy_comes_with_passport_command_and_bibtex(text):
    quoted = text.partition("to copy")[2].partition("to here")[0]
    for part in (
        "bce is better than wgangp",
        "extractor: digits",
        "Command: python -m benchmarks.run",
        "@software{gan",
    ):
        assert part in quoted


def test_a_failure_is_told(run):
    assert "failed, and counted as the worst: 1 of lsgan" in one_line(compare(run, "bce", "lsgan"))


def test_losses_that_no_panel_compares_are_one_sentence(run):
    for pair in (("bce", "r3gan-x"), ("bce", "bce")):
        with pytest.raises(AskError, match=r"^no panel compares .*; give two losses \(bce, lsgan, wgangp, r3gan\)"):
            compare(run, *pair)


def test_a_loss_that_was_skipped_is_in_no_pair_and_says_so(run):
    text = one_line(compare(run, "r3gan", "bce"))
    assert "Best: not judged on fid[digits]: r3gan (skipped)." in text
    assert "Cost: no timing pass holds both." in text
    assert "to copy" not in text


def test_without_quality_there_are_still_cost_and_saturation(run):
    bare = [
        replace(cell, record={name: value for name, value in cell.record.items() if name != "quality"})
        for cell in run.cells
    ]
    text = compare(replace(run, cells=tuple(bare)), "wgangp", "bce")
    assert "Cost: a step of wgangp over one of bce" in one_line(text)
    assert "to copy" not in text


def test_two_cells_stand_side_by_side(run):
    cells = find_cell(run, "published/wgangp/seed0"), find_cell(run, "controlled/bce/seed1")
    found = rows(compare_cells(run, *cells))
    assert found["n_critic"] == ["5", "1"]
    assert found["recipe"] == ["published", "controlled"]
    assert found[f"best {FID}"] == [number(cell.metrics("best")[FID]) for cell in cells]
    assert found["image: decades_lost"] == ["0 → 0.700"] * 2
    assert "optimizer" not in found
    assert "loss_definition" not in found  # that is the loss itself
    assert "data" not in found
    assert float(found["step (ms)"][0]) > 3 * float(found["step (ms)"][1])


def test_a_cell_that_failed_beside_one_that_did_not(run):
    found = rows(compare_cells(run, find_cell(run, "published/bce/seed2"), find_cell(run, "published/bce/seed3")))
    assert found["status"] == ["failed", "done"]
    assert found[f"best {FID}"][0] == "none"


def test_cells_of_unlike_passports_are_told_apart(run):
    first, second = find_cell(run, "controlled/bce/seed0"), find_cell(run, "controlled/bce/seed1")
    assert "do not compare" not in compare_cells(run, first, second)
    passport = {**first.quality["passport"], "n_fake": 100}
    other = replace(second, record={**second.record, "quality": {**second.quality, "passport": passport}})
    text = one_line(compare_cells(run, first, other))
    assert "Their distances do not compare: n_fake differs: 360 against 100." in text


def test_one_cell_twice_is_a_mistake(run):
    cell = find_cell(run, "controlled/bce/seed0")
    with pytest.raises(AskError, match="twice"):
        compare_cells(run, cell, cell)
