"""The experiment `decision-boundary` against closed forms."""

import math
from pathlib import Path

import pytest
import torch

from benchmarks.experiments.decision_boundary import EXPERIMENT, pulled, pulls, slopes, train_and_fool
from gan_losses.losses import get_loss
from tests.benchmarks.experiments.in_process import InProcess


def test_pulls_of_a_linear_discriminator_are_the_chain_rule() -> None:
    network = torch.nn.Linear(2, 1)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([[2.0, -1.0]]))
        network.bias.fill_(0.5)
    points = torch.tensor([[1.0, 1.0], [3.0, 0.0], [0.0, 0.0]])
    logits = [1.5, 6.5, 0.5]
    by_squares = [part for f in logits for part in (2 * (1 - f), f - 1)]
    assert pulls(get_loss("lsgan"), network, points).flatten().tolist() == pytest.approx(by_squares)
    away = [1 / (1 + math.exp(f)) for f in logits]
    assert pulls(get_loss("bce"), network, points).flatten().tolist() == pytest.approx(
        [part for each in away for part in (2 * each, -each)], rel=1e-5
    )


def test_least_squares_bring_points_to_the_line_of_their_label() -> None:
    network = torch.nn.Linear(2, 1)
    torch.nn.init.constant_(network.weight, 0.5)
    moved = pulled(get_loss("lsgan"), network, torch.tensor([[9.0, 1.0], [-4.0, 2.0]]))
    torch.testing.assert_close(network(moved), torch.ones(2, 1), rtol=0, atol=1e-3)


def test_slopes_behind_the_optimum_are_the_known_ones() -> None:
    assert slopes("minimax", [-3.0, -2.0, -1.0, 0.0]) == pytest.approx([2.28e-20, 2.026e-13, 1.80e-6, 8.0], rel=2e-3)
    fake = 1 / (1 + math.exp(-16 * 0.25))
    assert slopes("bce", [0.25]) == pytest.approx([16 * (1 - fake)], rel=1e-12)
    assert slopes("lsgan", [0.25]) == pytest.approx([16 * fake * (1 - fake) ** 2], rel=1e-9)


def test_a_least_squares_discriminator_becomes_the_regression_line() -> None:
    # The clouds' own: ½ + x/(1 + 0.6²)/2 across; the scene's grid reaches from -7 to 7.
    logits = train_and_fool("lsgan", "linear", seed=0, steps=1000, width=32)["logits"]
    middle, right = logits[20][20], logits[20][40]
    assert middle == pytest.approx(0.5, abs=0.06)
    assert (right - middle) / 7 == pytest.approx(0.5 / 1.36, abs=0.06)


def test_the_short_scale_meets_its_bands(tmp_path: Path) -> None:
    result = EXPERIMENT.measure(EXPERIMENT.scales["short"], InProcess(tmp_path))
    assert [check.what for check in result.checks if check.required and not check.met] == []
    assert {(row["loss"], row["network"]) for row in result.rows} == {
        (loss, network) for loss in ("bce", "lsgan") for network in ("linear", "one hidden layer")
    }
