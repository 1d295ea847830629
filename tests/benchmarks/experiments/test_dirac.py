"""The experiment `dirac` against figures worked out elsewhere."""

import math
from pathlib import Path

import pytest
import torch

from benchmarks.experiments.dirac import (
    EXPERIMENT,
    SCHEDULES,
    closed_eigenvalues,
    discriminator_pull,
    generator_pull,
    play,
    stepped,
    trajectory,
)
from gan_losses.losses import get_loss
from tests.benchmarks.experiments.in_process import InProcess


def number(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def test_pulls_are_those_of_a_cross_entropy_game() -> None:
    theta, psi = 0.7, -1.3
    fake = 1 / (1 + math.exp(-theta * psi))  # σ(ψθ)
    loss = get_loss("bce+r1:0.3")
    assert generator_pull(loss, number(theta), number(psi)).item() == pytest.approx((1 - fake) * psi, rel=1e-12)
    expected = -fake * theta - 0.3 * psi
    assert discriminator_pull(loss, number(theta), number(psi)).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("updates", [0, 1, 5])
def test_steps_of_a_linear_game_are_arithmetic(updates: int) -> None:
    theta, psi = 0.5, 2.0
    moved = theta + 0.2 * psi
    slope = psi - 0.2 * max(1, updates) * (moved if updates else theta)
    found = stepped(get_loss("wgan"), torch.tensor([theta, psi], dtype=torch.float64), updates)
    assert found.tolist() == pytest.approx([moved, slope], rel=1e-12)


def test_a_linear_game_spirals_out_as_its_radius_says() -> None:
    path = trajectory(get_loss("wgan"), 0, 50)
    assert math.hypot(*path[-1]) == pytest.approx(math.sqrt(2) * 1.04**25, rel=1e-12)


@pytest.mark.parametrize(("loss", "penalties", "alternating"), [("rpgan", "", 1.0), ("bce", "r1:0.3", 0.969536)])
def test_a_game_knows_its_eigenvalues_and_radii(loss: str, penalties: str, alternating: float) -> None:
    found = play(loss, penalties, steps=1)
    imaginary = sorted(imaginary for _, imaginary in found["eigenvalues"])
    known = sorted(each.imag for each in closed_eigenvalues(loss, penalties) or [])
    assert imaginary == pytest.approx(known, abs=1e-9)
    assert found["radii"]["Alt"] == pytest.approx(alternating, abs=1e-6)
    assert len(found["arrows"]) == 100


def test_five_updates_turn_a_linear_game_by_its_own_matrix() -> None:
    # (θ, ψ) -> (θ + hψ, ψ - 5hθ - 5h²ψ): determinant 1, trace 2 - 5h² = 1.8, so both eigenvalues lie on the circle.
    assert play("wgan", "", steps=1)["radii"]["Alt 5"] == pytest.approx(1.0, abs=1e-9)


def test_a_target_of_one_leaves_no_jacobian() -> None:
    assert closed_eigenvalues("wgan", "gp:0.35") is None
    assert play("wgan", "gp:0.35", steps=1)["eigenvalues"] == []


def test_the_short_scale_meets_its_bands(tmp_path: Path) -> None:
    result = EXPERIMENT.measure(EXPERIMENT.scales["short"], InProcess(tmp_path))
    assert [check.what for check in result.checks if check.required and not check.met] == []
    assert len({tuple(row) for row in result.rows}) == 1
    assert set(result.shown["games"][0]["paths"]) == set(SCHEDULES)
