from itertools import product

import numpy as np
import pytest

from benchmarks.experiments import still_different
from benchmarks.experiments.still_different import Settings, arguments, factorial, log_quality, measure

LOSSES = {"bce": 0.0, "lsgan": 0.02, "wgan": 0.6}


def made(noise=0.03):
    """Trials and judged cells in which the loss matters without a penalty and not with one."""
    random = np.random.default_rng(0)
    rows = []
    for loss, penalty, norm, n_critic in product(LOSSES, ("none", "gp"), ("group", "none"), (1, 2)):
        effect = 2.0 + (LOSSES[loss] if penalty == "none" else 0.0)
        names = {
            "data": "digits",
            "loss": loss,
            "penalty": penalty,
            "norm": norm,
            "n_critic": n_critic,
            "status": "done",
        }
        for rate, beta, seed in product((1e-4, 5e-4), (0.0, 0.5), (1000, 1001)):
            value = effect + (1.0 if rate == 1e-4 else 0.0) + noise * random.normal()
            grid = {"learning rate": rate, "beta1": beta, "seed": seed}
            rows.append({**names, **grid, "trial": True, "scored": value, "log quality": value})
        for seed in range(8):
            value = effect + noise * random.normal()
            rows.append({**names, "learning rate": 5e-4, "beta1": 0.0, "seed": seed, "trial": False, "scored": value})
    return rows


def test_what_was_put_in_comes_out(monkeypatch):
    monkeypatch.setattr(still_different, "train", lambda settings, workplace: [])
    monkeypatch.setattr(still_different, "gather", lambda folders: made())
    result = measure(Settings(), None)
    part = result.shown["data"]["digits"]
    largest = max(part["shares"], key=lambda name: part["shares"][name]["share"])
    assert largest == "learning rate"
    assert part["rankings"]["none"]["concordance"] > 0.6 > part["rankings"]["gp"]["concordance"]
    assert part["verdicts"]["none"]["words"]["worse"] + part["verdicts"]["none"]["words"]["better"] >= 8
    assert part["verdicts"]["gp"]["words"]["equivalent"] >= 8
    # bce works at the large learning rate only; so does wgan with the penalty.
    assert part["successes"] == {"both": 16, "first only": 0, "second only": 0, "neither": 16}
    assert all(check.met for check in result.checks)


def test_unequal_tuning_is_found_out(monkeypatch):
    rows = made()
    extra = next(row for row in rows if row["trial"] and row["loss"] == "wgan")
    monkeypatch.setattr(still_different, "train", lambda settings, workplace: [])
    monkeypatch.setattr(still_different, "gather", lambda folders: [*rows, {**extra, "data": "digits"}])
    assert not measure(Settings(), None).checks[0].met


def test_a_missing_trial_is_told():
    rows = made()
    rows.remove(next(row for row in rows if row["trial"]))
    with pytest.raises(ValueError, match="1 trials of digits are missing"):
        factorial(rows, "digits")


def test_a_failed_cell_has_the_worst_value_and_not_none():
    rows = [
        {"data": "a", "log quality": 1.0, "untrained": 4.0},
        {"data": "a", "log quality": None, "untrained": None},
        {"data": "b", "log quality": 9.0, "untrained": 4.0},
    ]
    assert [row["scored"] for row in still_different._scored(rows)] == [1.0, 4.0, 9.0]
    assert log_quality({"status": "failed"}) is None


def test_the_arguments_are_those_of_a_run():
    from benchmarks.options import read_options

    options = read_options(arguments(Settings(data="digits"), "none", 2))
    assert options.recipe == "tuned"
    assert len(options.seeds) == 6
