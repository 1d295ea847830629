import json
from statistics import median

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.records import write_json
from reports.aggregate import values
from reports.families import family
from reports.loading import load
from reports.notices import notices
from reports.overview import cost, overview
from reports.panels import make_panels
from reports.statistics import median_interval

ONE = ("controlled",)


@pytest.mark.parametrize("count", [6, 7, 8, 9, 12, 20, 31])
def test_the_interval_of_a_median_covers_what_it_says_and_no_narrower_one_does(count) -> None:
    low, high = median_interval(range(count))
    place = int(low) + 1
    assert high == count - place
    assert 1 - 2 * binom.cdf(place - 1, count, 0.5) >= 0.95
    assert 1 - 2 * binom.cdf(place, count, 0.5) < 0.95


@pytest.mark.parametrize("count", range(6))
def test_few_values_have_no_interval(count) -> None:
    assert median_interval(np.arange(count)) is None


def test_a_row_says_what_the_tables_say(run) -> None:
    panels = make_panels(run)
    sections = overview(run, panels)
    assert [section.title for section in sections] == [panel.title for panel in panels]
    for panel, section in zip(panels, sections, strict=True):
        rows = {row[0]: row for row in section.rows}
        assert list(rows) == list(panel.losses)
        judged = {(each.first, each.second): each for each in family(run, panel, "fid[digits]", "best").verdicts}
        for loss in panel.losses:
            found = list(values(panel, loss, "fid[digits]", "best").values())
            if not found:
                assert rows[loss][2] in ("skipped", "failed")
                continue
            assert float(rows[loss][2].split(" [")[0]) == pytest.approx(median(found), rel=5e-3)
            verdict = judged.get(("bce", loss))
            assert rows[loss][4].startswith(verdict.turned().word if verdict else "the reference")


def test_a_loss_costs_what_the_timing_pass_says(run) -> None:
    panel = make_panels(run)[0]
    found = cost(run, panel)
    entry = next(
        each for each in run.timings[0]["entries"] if each["loss"] == "wgangp" and each["recipe"] == panel.recipe
    )
    assert float(found["wgangp"][0]) == pytest.approx(1e3 * median(entry["wall"]), rel=5e-3)
    assert found["bce"][1] == "1.00 [1.00, 1.00]"


def notes(folder):
    run = load(folder)
    return " ".join(notices(run, make_panels(run)))


def test_a_whole_run_needs_no_notice(write, tmp_path) -> None:
    folder = write(tmp_path / "run", ("bce", "lsgan"), 6, recipes=ONE)
    request = json.loads((folder / "run.json").read_text())
    write_json(folder / "run.json", {**request, "skipped": []})
    assert notes(folder) == ""


@pytest.mark.parametrize(
    ("seeds", "words"), [(1, "one seed a loss. Nothing here has an interval"), (4, "4 seeds a loss are too few")]
)
def test_few_seeds_are_said(make_run, seeds, words) -> None:
    assert words in notes(make_run(("bce", "lsgan"), seeds, recipes=ONE))


def test_a_run_of_which_nothing_is_left_is_said(make_run) -> None:
    text = notes(make_run(("bce", "lsgan"), 2, failing=True, recipes=ONE))
    assert "no cell was trained to its end" in text
    assert "4 of 4 cells went wrong" in text


def test_missing_samples_are_said(make_run) -> None:
    folder = make_run(("bce", "lsgan"), 2, recipes=ONE)
    for path in folder.glob("dcgan/*/*/*/*/samples/*.png"):
        path.unlink()
    assert "the run holds no samples of it" in notes(folder)


def test_damaged_files_and_cells_that_are_not_there_yet_are_counted(make_run) -> None:
    folder = make_run(("bce", "lsgan"), 2, recipes=ONE)
    request = json.loads((folder / "run.json").read_text())
    write_json(folder / "run.json", {**request, "cells": ["a", "b", "c"]})
    next(folder.glob("dcgan/*/*/*/*/record.json")).write_text("{")
    text = notes(folder)
    assert "3 cells of the run have no record yet" in text
    assert "1 file could not be read" in text
