"""The experiment `frozen-generator`, piece by piece."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.utils import parameters_to_vector

from benchmarks.experiments.frozen_generator import (
    EXPERIMENT,
    Scene,
    accuracy,
    freeze_and_watch,
    identity_error,
    look_steps,
    summary,
)
from gan_losses.losses import get_loss
from tests.benchmarks.experiments.in_process import InProcess


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(seed=0, epochs=1, hidden=16)


def test_gradients_are_the_slope_of_the_loss_on_all_latents(scene: Scene) -> None:
    judge, loss = scene.discriminator("judge"), get_loss("bce")
    found = scene.gradients(loss, judge).mean(0)
    with torch.no_grad():
        direction = torch.randn(len(found), generator=torch.Generator().manual_seed(0)).double()
        direction /= direction.norm()
    ends = []
    start = parameters_to_vector(scene.generator.parameters()).detach().clone()
    for side in (1e-2, -1e-2):
        torch.nn.utils.vector_to_parameters(start + side * direction.float(), scene.generator.parameters())
        ends.append(loss.generator(judge(scene.generator(scene.latents)).double()).item())
    torch.nn.utils.vector_to_parameters(start, scene.generator.parameters())
    assert (ends[0] - ends[1]) / 2e-2 == pytest.approx((found @ direction).item(), rel=0.02, abs=1e-4)


def test_saturating_and_not_add_up_to_wasserstein(scene: Scene) -> None:
    assert identity_error(scene, scene.discriminator("judge")) < 1e-5


def test_looks_are_at_the_start_and_the_end() -> None:
    assert look_steps(1000, 5) == [0, 1, 10, 100, 1000]


@pytest.mark.parametrize(("loss", "expected"), [("bce", 0.75), ("lsgan", 0.75), ("wgan", 1.0)])
def test_accuracy_knows_each_losss_boundary(loss: str, expected: float) -> None:
    real, fake = torch.tensor([[3.0], [4.0]]), torch.tensor([[1.5], [-2.0]])
    assert accuracy(get_loss(loss), real, fake) == expected


def test_a_frozen_generator_stays_what_it_was_for_every_loss() -> None:
    first = [freeze_and_watch(loss, 0, 1, 2, 2, 16)["norm"][0] for loss in ("bce", "minimax")]
    again = freeze_and_watch("bce", 0, 1, 1, 2, 16)["norm"][0]
    assert first[0] == again
    # A fresh D is undecided: both slopes are about ½, so both gradients are of one size.
    assert first[1] == pytest.approx(first[0], rel=0.1)


def test_a_summary_counts_decades() -> None:
    curves = {"step": [0, 50, 100, 200], "norm": [1.0, 5.0, 0.1, 0.001], "variance": [1.0, 1.0, 1.0, 1e-4]}
    found = summary({**curves, "accuracy": [0.5, 1.0, 1.0, 0.99], "sure": [0.0, 0.0, 0.0, 1.0], "identity": 0.0})
    names = ("decades lost", "largest over start", "spread", "variance grows", "accuracy")
    np.testing.assert_allclose([found[name] for name in names], [3.0, 5.0, 100.0, 1e-4, 0.99])


def test_the_short_scale_shows_the_saturating_loss_dying_and_the_other_growing(tmp_path: Path) -> None:
    result = EXPERIMENT.measure(EXPERIMENT.scales["short"], InProcess(tmp_path))
    rows = {row["loss"]: row for row in result.rows}
    assert rows["minimax"]["start"] == pytest.approx(rows["bce"]["start"], rel=0.1)
    assert 0 < rows["minimax"]["end"] < rows["bce"]["end"] / 20
    assert rows["bce"]["largest over start"] > 20
    assert rows["bce"]["accuracy"] == pytest.approx(1.0, abs=0.02)
    assert max(row["identity"] for row in result.rows) < 1e-5
