"""Trials: as many for every loss, the best point by the median, and nothing chosen where nothing was trained."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from benchmarks import records, tuning
from benchmarks.plan import Cell, LossFacts, make_plan
from benchmarks.records import TRIAL, TUNED
from tests.benchmarks.conftest import DCGAN, DIGITS, PUBLISHED, SHARED

GRID = {"learning_rate": (1e-4, 2e-4), "beta1": (0.0, 0.5)}
SEEDS = (1000, 1001, 1002)
SEARCH = tuning.of_grid(GRID, SEEDS)


def tuned(*losses: str, **more: object) -> tuple[Cell, ...]:
    facts = [LossFacts(name, f"{name}()", PUBLISHED) for name in losses]
    return make_plan(DCGAN, TUNED, [0, 1], [{**SHARED, **more}], facts, DIGITS).cells


def write(out: Path, cells: tuple[Cell, ...], values: Mapping[tuple[float, float], list[float | str]]) -> None:
    """Records of all trials: (learning rate, β1) -> a score for each seed, or the status of a trial without."""
    for cell in tuning.trials(cells, SEARCH):
        value = values[cell.settings["learning_rate"], cell.settings["betas"][0]][SEEDS.index(cell.seed)]
        content = {"status": value} if isinstance(value, str) else {"status": "done", "quality": _quality(value)}
        (out / cell.folder).mkdir(parents=True)
        records.write_json(out / cell.folder / "record.json", content)


def _quality(value: float) -> dict:
    rows = [{"kid[digits]": None, "fid[digits]": 0.0}, {"kid[digits]": value}, {"kid[digits]": value + 1}]
    return {"selection_metric": "kid[digits]", "along": [{"metrics": row} for row in rows]}


def test_every_loss_has_the_same_trials_on_seeds_of_their_own() -> None:
    cells = tuned("bce", "lsgan")
    trials = tuning.trials(cells, SEARCH)
    by_loss = {
        loss: [(t.seed, t.settings["learning_rate"], *t.settings["betas"]) for t in trials if t.loss == loss]
        for loss in ("bce", "lsgan")
    }
    assert by_loss["bce"] == by_loss["lsgan"]
    assert by_loss["bce"] == [
        (seed, rate, beta1, 0.999) for seed in SEEDS for rate in GRID["learning_rate"] for beta1 in GRID["beta1"]
    ]
    assert len({trial.folder for trial in trials}) == 2 * 4 * 3
    assert {trial.recipe for trial in trials} == {TRIAL}
    assert {trial.step_digest for trial in trials} == {cell.step_digest for cell in cells}


def test_what_is_swept_is_tuned_for_each_value() -> None:
    facts = [LossFacts("bce", "BCE()", PUBLISHED)]
    variants = [{**SHARED, "width": width} for width in (4, 8)]
    cells = make_plan(DCGAN, TUNED, [0], variants, facts, DIGITS).cells
    assert len(tuning.trials(cells, SEARCH)) == 2 * 4 * 3


def test_the_lowest_median_wins_whatever_the_best_single_trial(tmp_path) -> None:
    cells = tuned("bce")
    values = {(1e-4, 0.0): [0.1, 0.9, 0.9], (1e-4, 0.5): [0.5, 0.5, 0.4], (2e-4, 0.0): [0.6, 0.3, 0.6]}
    write(tmp_path, cells, {**values, (2e-4, 0.5): [0.6, 0.6, 0.6]})
    (choice,) = tuning.choose(tmp_path, cells, SEARCH)
    assert choice.chosen == {"learning_rate": 1e-4, "betas": [0.5, 0.999]}
    np.testing.assert_allclose([row["median"] for row in choice.trials], [0.9, 0.5, 0.6, 0.6], rtol=0)
    assert choice.trials[0]["scores"] == {"1000": 0.1, "1001": 0.9, "1002": 0.9}
    kept, skipped = tuning.settled(cells, [choice])
    assert not skipped
    assert [(cell.seed, cell.settings["learning_rate"], cell.settings["betas"]) for cell in kept] == [
        (0, 1e-4, [0.5, 0.999]),
        (1, 1e-4, [0.5, 0.999]),
    ]
    same = {name: value for name, value in kept[0].settings.items() if name not in records.CHOSEN}
    assert same == {name: value for name, value in cells[0].settings.items() if name not in records.CHOSEN}


def test_the_declared_metric_decides_whatever_chose_the_best_weights(tmp_path) -> None:
    cells = tuned("bce")
    write(
        tmp_path,
        cells,
        {(1e-4, 0.0): [0.1] * 3, (1e-4, 0.5): [0.2] * 3, (2e-4, 0.0): [0.3] * 3, (2e-4, 0.5): [0.4] * 3},
    )
    for cell in tuning.trials(cells, SEARCH):  # by the other metric the order is the opposite
        path = tmp_path / cell.folder / "record.json"
        content = records.read_json(path)
        for row in content["quality"]["along"]:
            row["metrics"]["fid[digits]"] = 9 - 1e4 * cell.settings["learning_rate"] - cell.settings["betas"][0]
        records.write_json(path, content)
    for metric, label, chosen, median in ((None, "kid[digits]", 1e-4, 0.1), ("fid", "fid[digits]", 2e-4, 6.5)):
        (choice,) = tuning.choose(tmp_path, cells, tuning.of_grid(GRID, SEEDS, metric))
        assert (choice.metric, choice.chosen["learning_rate"]) == (label, chosen)
        np.testing.assert_allclose(min(row["median"] for row in choice.trials), median, rtol=1e-12)


def test_a_point_that_was_drawn_twice_is_trained_once_and_counts_twice(tmp_path) -> None:
    cells, (first, *others) = tuned("bce"), tuning.of_grid(GRID, SEEDS).points
    search = tuning.of_draws({"points": [first, *others, first], "space": {}, "sampler": "a"}, 5, SEEDS)
    assert len(tuning.trials(cells, search)) == 4 * 3
    write(tmp_path, cells, dict.fromkeys([(1e-4, 0.0), (1e-4, 0.5), (2e-4, 0.0), (2e-4, 0.5)], [0.5] * 3))
    (choice,) = tuning.choose(tmp_path, cells, search)
    assert [row["learning_rate"] for row in choice.trials] == [1e-4, 1e-4, 2e-4, 2e-4, 1e-4]


def test_of_equals_the_first_in_the_grid_is_taken(tmp_path) -> None:
    cells = tuned("bce")
    write(tmp_path, cells, dict.fromkeys([(1e-4, 0.0), (1e-4, 0.5), (2e-4, 0.0), (2e-4, 0.5)], [0.5] * 3))
    assert tuning.choose(tmp_path, cells, SEARCH)[0].chosen == {"learning_rate": 1e-4, "betas": [0.0, 0.999]}


def test_a_trial_that_failed_counts_as_worst(tmp_path) -> None:
    cells = tuned("bce")
    values = {(1e-4, 0.0): [0.1, "diverged", "failed"], (1e-4, 0.5): [9.0, "diverged", 9.0]}
    write(tmp_path, cells, {**values, (2e-4, 0.0): ["failed"] * 3, (2e-4, 0.5): [9.5, 9.5, 9.5]})
    (choice,) = tuning.choose(tmp_path, cells, SEARCH)
    assert choice.chosen == {"learning_rate": 1e-4, "betas": [0.5, 0.999]}
    assert choice.trials[0]["statuses"] == {"1000": "done", "1001": "diverged", "1002": "failed"}


def test_where_medians_are_all_infinite_fewer_failures_win(tmp_path) -> None:
    cells = tuned("bce")
    values = {(1e-4, 0.0): ["failed"] * 3, (1e-4, 0.5): ["failed", "failed", 9.0]}
    write(tmp_path, cells, {**values, (2e-4, 0.0): ["failed"] * 3, (2e-4, 0.5): ["diverged"] * 3})
    assert tuning.choose(tmp_path, cells, SEARCH)[0].chosen == {"learning_rate": 1e-4, "betas": [0.5, 0.999]}


def test_a_loss_whose_trials_all_failed_is_skipped_with_the_reason(tmp_path) -> None:
    good, bad = tuned("bce"), tuned("lsgan")
    points = [(1e-4, 0.0), (1e-4, 0.5), (2e-4, 0.0), (2e-4, 0.5)]
    write(tmp_path, good, dict.fromkeys(points, [0.5] * 3))
    write(tmp_path, bad, dict.fromkeys(points, ["diverged"] * 3))
    choices = tuning.choose(tmp_path, good + bad, SEARCH)
    kept, skipped = tuning.settled(good + bad, choices)
    assert [cell.loss for cell in kept] == ["bce", "bce"]
    assert [(cell.loss, cell.seed) for cell, _ in skipped] == [("lsgan", 0), ("lsgan", 1)]
    assert skipped[0][1] == "none of its 4 points had a trial with a score"


@pytest.mark.parametrize(
    ("along", "expected"),
    [
        ([{"kid@a": 0.5, "kid@b": 0.1}, {"kid@a": 0.1, "kid@b": 0.2}], 0.15),
        ([{"kid": None}], float("inf")),
        ([{"kid": 0.25, "kidney": 0.0}], 0.25),
    ],
)
def test_a_score_is_the_best_mean_of_the_domains(along, expected) -> None:
    record = {"status": "stalled", "quality": {"selection_metric": "kid", "along": [{"metrics": row} for row in along]}}
    np.testing.assert_allclose(tuning.score(record), expected, rtol=1e-12)


def test_the_declared_metric_is_taken_in_the_first_features_and_as_the_mean_of_the_domains() -> None:
    row = {"fid[a]@x": 3.0, "fid[a]@y": 5.0, "fid[b]@x": 0.0, "fid[b]@y": 0.0, "kid[a]@x": -1.0, "kid[a]@y": -1.0}
    record = {"status": "done", "quality": {"selection_metric": "kid[a]", "along": [{"metrics": row}]}}
    assert (tuning.score(record, "fid"), tuning.score(record)) == (4.0, -1.0)
    assert tuning.metric_of(record, "fid") == "fid[a]"


def test_what_was_chosen_is_sealed_kept_for_other_settings_and_written_only_when_new(tmp_path) -> None:
    short, long = tuned("bce"), tuned("bce", steps=8)
    points = [(1e-4, 0.0), (1e-4, 0.5), (2e-4, 0.0), (2e-4, 0.5)]
    (tmp_path / "tuning").mkdir()
    path = tmp_path / "tuning" / "dcgan-digits.json"
    for cells, value in ((short, 0.5), (long, 0.25)):
        write(tmp_path, cells, {key: [value, "diverged", value] for key in points})
        choices = tuning.choose(tmp_path, cells, SEARCH)
        tuning.write(tmp_path, cells[0], choices, SEARCH, print)
    content = records.read_json(path, "choices")
    assert [entry["trials"][0]["median"] for entry in content["choices"]] == [0.5, 0.25]
    assert content["choices"][0]["trials"][0]["scores"] == {"1000": 0.5, "1001": None, "1002": 0.5}
    assert content["choices"][0]["grid"] == {"learning_rate": [1e-4, 2e-4], "beta1": [0.0, 0.5]}
    stamp = path.stat().st_mtime_ns
    tuning.write(tmp_path, long[0], choices, SEARCH, print)
    assert path.stat().st_mtime_ns == stamp


def test_seeds_of_the_trials_are_none_of_those_that_are_judged() -> None:
    from benchmarks.options import read_options
    from gan_losses.errors import UsageError

    with pytest.raises(
        UsageError, match="--tuning-seeds and --seeds both have 3: what is chosen on a seed is not judged"
    ):
        read_options("--recipe tuned --seeds 0-3 --tuning-seeds 3,4".split())
    assert read_options("--recipe controlled --seeds 0-3 --tuning-seeds 3,4".split()).tuning_seeds == (3, 4)
