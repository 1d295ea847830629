import math

import pytest
import torch

from benchmarks.experiments.stacked_digits import (
    EXPERIMENT,
    PAIR,
    Settings,
    _of_losses,
    _of_metric,
    counted,
    real_stacks,
    train,
)
from benchmarks.experiments.workplace import Workplace
from gan_losses.metrics.modes import kl_by_chance
from gan_losses.tasks import DCGAN, DCGANSettings


@pytest.fixture(scope="module")
def real():
    return [real_stacks(10, draw, 26_000) for draw in range(2)]


def test_real_stacks_have_all_modes_and_the_divergence_of_chance(real):
    for found in real:
        assert (found["modes"], found["n"]) == (1000, 26_000)
        assert found["accuracy"] == 0.995  # as the classifier's own file says
        assert found["kl"] == pytest.approx(kl_by_chance(26_000, 1000), abs=0.005)
    assert real[0]["kl"] != real[1]["kl"]


@pytest.mark.parametrize("figures", [5, 2, 1])
def test_missing_figures_cost_their_logarithm(figures):
    found = real_stacks(figures, 0, 10_000)
    assert found["modes"] == pytest.approx(100 * figures, rel=0.02)
    known = math.log(10 / figures) + kl_by_chance(10_000, 100 * figures)
    assert found["kl"] == pytest.approx(known, abs=0.06)


def test_a_generator_of_one_picture_has_one_mode():
    task = DCGAN(DCGANSettings(16, 3, 4, 64), 0)
    for weight in task.generators["image"].parameters():
        torch.nn.init.zeros_(weight)
    assert counted(task, 0, 600) == {"modes": 1, "kl": pytest.approx(math.log(1000), abs=1e-9)}


def test_training_counts_along_the_way_and_is_repeatable():
    first, second = (train("rpgan+r1:1+r2:1", 0, 10, 4, 100, 200) for _ in range(2))
    assert first == second
    assert [row["step"] for row in first["curve"]] == [1, 2, 4, 7, 10]
    assert first["end"]["n"] == 200
    assert 1 <= first["end"]["modes"] <= 200


def metric_checks(real, **changes):
    fewer = [
        {"modes": 100 * figures, "kl": math.log(10 / figures) + kl_by_chance(26_000, 100 * figures)}
        for figures in (5, 2, 1)
    ]
    return [check.met for check in _of_metric([{**real[0], **changes}] * 3, fewer, 26_000)]


def test_the_bands_hold_what_is_right_and_nothing_else(real):
    assert all(metric_checks(real))
    assert metric_checks(real, accuracy=0.97) == [False, True, True, True, True, True, True]
    assert metric_checks(real, modes=989) == [True, False, True, True, True, True, True]
    assert metric_checks(real, kl=0.0225) == [True, True, False, True, True, True, True]
    assert metric_checks(real, kl=0.0157) == [True, True, False, False, True, True, True]


@pytest.mark.parametrize(("seeds", "required"), [(3, False), (5, True)])
def test_the_order_of_losses_is_required_of_enough_seeds_only(seeds, required):
    ends = {loss: [{"modes": 900, "kl": 0.5 - 0.1 * (loss == PAIR[0])}] * seeds for loss in PAIR}
    *found, order = _of_losses(ends)
    assert (order.required, order.met) == (required, True)
    assert order.ours == pytest.approx(-0.1)
    assert not any(check.required for check in found)
    assert not _of_losses(dict(zip(PAIR, reversed(list(ends.values())), strict=True)))[-1].met


@pytest.mark.slow
def test_the_whole_experiment_at_its_short_scale(tmp_path):
    result = EXPERIMENT.measure(EXPERIMENT.scales["short"], Workplace(tmp_path))
    assert [check.what for check in result.checks if check.required and not check.met] == []
    assert len(result.rows) == 5 + 3 + 1
    assert set(result.shown["losses"]) == {"bce"}
    assert Settings().fakes == 26_000
