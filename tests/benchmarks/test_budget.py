"""Seconds become steps by the timing pass, of recipe `tuned` and its trials alike, and stay what they were."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks import records, tuning
from benchmarks.budget import with_budgets
from benchmarks.candidates import loss_facts
from benchmarks.grounds import Ground
from benchmarks.plan import make_plan
from gan_losses.data import load_data
from tests.benchmarks.conftest import DCGAN, DIGITS, SHARED

GRID = {"learning_rate": (1e-4, 2e-4), "beta1": (0.5,)}


def ground() -> Ground:
    variants = [{**SHARED, "steps": 40, "seconds": 2.0}]
    plan = make_plan(DCGAN, "controlled,tuned", [0], variants, [loss_facts("bce")], DIGITS)
    return Ground(load_data("digits", 16), plan)


def timing(ground: Ground, **seconds: float) -> dict:
    names = [{"recipe": cell.recipe, "digest": cell.step_digest} for cell in ground.plan.cells]
    return {"entries": [{**each, "wall": [seconds[each["recipe"]]] * 3, "device": None, "period": 1} for each in names]}


def steps(ground: Ground) -> dict[str, int]:
    return {cell.recipe: cell.settings["steps"] for cell in ground.plan.cells}


def test_trials_have_the_budget_of_the_recipe_that_they_choose_for() -> None:
    budgeted = with_budgets(ground(), [timing(ground(), controlled=0.3, tuned=0.5)], Path("nowhere"), 2.0, False)
    assert steps(budgeted) == {"controlled": 6, "tuned": 4}
    trials = tuning.trials(budgeted.tuned, tuning.of_grid(GRID, [1000]))
    assert [trial.settings["steps"] for trial in trials] == [4, 4]
    np.testing.assert_allclose([trial.settings["learning_rate"] for trial in trials], [1e-4, 2e-4], rtol=0)


def test_without_seconds_nothing_changes() -> None:
    asked = ground()
    assert with_budgets(asked, [{"entries": []}], Path("nowhere"), None, False) is asked


def test_what_a_trial_was_given_stands_for_all_of_its_recipe(tmp_path) -> None:
    known = ground()
    (trial, _) = tuning.trials(known.tuned, tuning.of_grid(GRID, [1000]))
    trial = replace(trial, settings={**trial.settings, "steps": 7})
    (tmp_path / trial.folder).mkdir(parents=True)
    content = {"status": "done", "cell": trial.key, "settings": trial.settings}
    records.write_json(tmp_path / trial.folder / "record.json", content)
    times = [timing(known, controlled=0.3, tuned=0.5)]
    assert steps(with_budgets(known, times, tmp_path, 2.0, False)) == {"controlled": 6, "tuned": 7}
    assert steps(with_budgets(known, times, tmp_path, 2.0, True)) == {"controlled": 6, "tuned": 4}
