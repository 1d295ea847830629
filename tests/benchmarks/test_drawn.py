"""What was drawn stands: a folder's trials keep their points and their space, whatever draws later."""

from pathlib import Path

import pytest

from benchmarks import drawn, records, tuning_space
from benchmarks.declaration import declared
from benchmarks.drawn import with_points
from benchmarks.options import Options, read_options

OTHER = {"learning_rate": 0.123, "betas": [0.25, 0.75]}
SPACE = tuning_space.as_json(tuning_space.DEFAULT)


def options(out: Path, *more: str) -> Options:
    return read_options(["--preset", "smoke", "--out", str(out), "--metrics", "fid,kid", *more])


def trial(out: Path) -> None:
    folder = out / "dcgan/digits/trial/bce/seed1000-00000000"
    folder.mkdir(parents=True, exist_ok=True)
    records.write_json(folder / "record.json", {"status": "done"})


def silent(text: str) -> None:
    raise AssertionError(text)


@pytest.fixture
def folder(tmp_path) -> Path:
    """Of a run whose eight points another version drew."""
    trial(tmp_path)
    known = {"space": SPACE, "sampler": "RandomSampler of optuna 4.0.0, seed 0", "points": [OTHER] * 8}
    records.write_json(tmp_path / "run.json", {"options": {}, "drawn": known})
    return tmp_path


def test_a_folder_without_trials_gets_new_points_and_all_losses_the_same(tmp_path) -> None:
    made = with_points(options(tmp_path, "--tune", "3"), silent)
    assert list(made.search.points) == tuning_space.draw(tuning_space.DEFAULT, 3)
    assert made.search.origin["space"] == SPACE
    assert made.search.origin["sampler"].startswith("RandomSampler of optuna ")


def test_without_draws_the_search_is_the_grid(tmp_path) -> None:
    made = with_points(options(tmp_path, "--recipe", "tuned", "--grid", "beta1=0.5", "--tune-by", "fid"), silent)
    assert [point["betas"] for point in made.search.points] == [[0.5, 0.999]] * 4
    assert made.search.metric == "fid"


def test_a_run_that_goes_on_takes_the_points_that_are_there_and_needs_nothing_to_draw(folder, monkeypatch) -> None:
    monkeypatch.setattr(drawn, "draw", lambda *arguments: silent("nothing is to be drawn"))
    assert with_points(options(folder, "--tune", "8"), silent).search.points == (OTHER,) * 8
    assert with_points(options(folder, "--tune", "5"), silent).search.points == (OTHER,) * 5


def test_more_trials_are_those_before_and_further_draws(folder) -> None:
    made = with_points(options(folder, "--tune", "11"), silent)
    assert list(made.search.points) == [OTHER] * 8 + tuning_space.draw(tuning_space.DEFAULT, 11)[8:]
    assert made.search.origin["sampler"].startswith("RandomSampler of optuna 4.0.0, seed 0; then RandomSampler of ")


def test_another_space_comes_too_late_and_is_told(folder) -> None:
    told: list[str] = []
    made = with_points(options(folder, "--tune", "8", "--space", "beta1=0.5"), told.append)
    assert made.search.points == (OTHER,) * 8
    assert made.space == tuning_space.DEFAULT
    assert told == [
        "--space was declared as learning-rate=5e-05..0.0005 beta1=0,0.5 beta2=0.999 when trials were trained, and the run keeps it."
    ]


def test_with_force_or_before_any_trial_all_is_drawn_anew(folder) -> None:
    fresh = tuning_space.draw(tuning_space.DEFAULT, 8)
    assert list(with_points(options(folder, "--tune", "8", "--force"), silent).search.points) == fresh
    (folder / "dcgan/digits/trial/bce/seed1000-00000000/record.json").unlink()
    assert list(with_points(options(folder, "--tune", "8"), silent).search.points) == fresh


def test_the_choice_tells_the_points_where_run_json_is_lost(folder) -> None:
    (folder / "run.json").write_text("{")
    (folder / "tuning").mkdir()
    rows = [{**OTHER, "scores": {}, "statuses": {}, "median": 1.0}] * 4
    choices = [
        {"loss": "bce", "space": SPACE, "sampler": "a", "trials": rows},
        {"loss": "bce", "grid": {}, "trials": []},
    ]
    records.write_json(folder / "tuning" / "dcgan-digits.json", {"choices": choices})
    assert with_points(options(folder, "--tune", "4"), silent).search.points == (OTHER,) * 4


def test_a_run_that_tunes_nothing_keeps_what_was_drawn_for_a_later_one(folder) -> None:
    made = with_points(options(folder, "--recipe", "controlled"), silent)
    assert made.drawn is not None
    assert made.drawn["points"] == [OTHER] * 8


@pytest.mark.parametrize(("recipe", "kept"), [("tuned", "kid"), ("controlled", "fid")])
def test_the_metric_stands_once_anything_was_tuned_by_it(tmp_path, recipe, kept) -> None:
    trial(tmp_path)
    records.write_json(tmp_path / "run.json", {"options": {"recipe": recipe, "tune_by": "kid"}})
    told: list[str] = []
    made = declared(options(tmp_path, "--tune", "2", "--tune-by", "fid"), told.append)
    assert made.tune_by == kept
    words = "--tune-by was declared as kid when these cells were trained, and the run keeps it."
    assert told == ([words] if kept == "kid" else [])
