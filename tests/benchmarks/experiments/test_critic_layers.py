"""The experiment `critic-layers` against derivatives by hand."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks.experiments.critic_layers import CRITICS, EXPERIMENT, layer_gradients, points, slope
from gan_losses.losses import get_loss
from gan_losses.networks.initialise import build
from gan_losses.networks.mlp import MLP, scheme_of
from tests.benchmarks.experiments.in_process import InProcess

SMALL = {"width": 8, "layers": 3, "batch_size": 16}


def by_hand(network: nn.Module, real: torch.Tensor, fake: torch.Tensor) -> list[float]:
    """Norms of ∂(mean f - mean r)/∂(input of each layer) by the chain rule, layer after layer from behind."""
    weights = [layer.weight.detach().double() for layer in network.modules() if isinstance(layer, nn.Linear)]
    rows, sign = torch.cat([real, fake]).double(), torch.tensor([-1.0] * len(real) + [1.0] * len(fake))
    inputs = [rows]
    for weight in weights[:-1]:
        inputs.append((inputs[-1] @ weight.T).relu())
    gradient = (sign / len(real))[:, None].double() @ weights[-1]
    norms = [gradient.norm().item()]
    for place in range(len(weights) - 2, -1, -1):
        gradient = (gradient * (inputs[place + 1] > 0)) @ weights[place]
        norms.append(gradient.norm().item())
    return norms[::-1]


def test_norms_are_those_of_the_chain_rule() -> None:
    found = layer_gradients("wgan:0.1", seed=3, steps=0, **SMALL)
    network = build(3, "discriminator", lambda: MLP(2, 8, 2, 1), scheme_of("relu"))
    expected = by_hand(network, *points({"seed": 3, "batch_size": 16}, 0))
    np.testing.assert_allclose(found["norms"], expected, rtol=1e-5)
    assert found["underflows"] == 0


def test_a_tight_clip_leaves_the_last_layer_the_clip_alone() -> None:
    # ∂/∂(its input) is ±weight/batch, and every weight is at most the clip.
    found = layer_gradients("wgan:0.001", seed=0, steps=3, **SMALL)
    assert 0 < found["norms"][-1] <= 0.001 * (8 * 2 / 16) ** 0.5 * (1 + 1e-6)
    assert found["norms"][0] < found["norms"][-1]


def test_a_penalised_critic_is_not_clipped() -> None:
    assert get_loss(CRITICS["penalty"][0]).clip is None
    assert layer_gradients(CRITICS["penalty"][0], seed=0, steps=3, **SMALL)["norms"][-1] > 0.05


def test_slopes_leave_out_what_underflowed() -> None:
    assert slope([0.0, 1e-30, 1e-28]) == pytest.approx(2.0)
    assert slope([0.0, 0.0, 1e-28]) is None


def test_points_of_a_step_stay_the_same() -> None:
    first, again = (points({"seed": 1, "batch_size": 4}, 7)[1] for _ in range(2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert not torch.equal(first, points({"seed": 1, "batch_size": 4}, 8)[1])


def test_the_short_scale_has_a_row_for_every_critic_and_layer(tmp_path: Path) -> None:
    result = EXPERIMENT.measure(EXPERIMENT.scales["short"], InProcess(tmp_path))
    assert [row["critic"] for row in result.rows] == list(CRITICS)
    assert [key for key in result.rows[0] if key.startswith("layer")] == [f"layer {place}" for place in range(1, 13)]
    assert {check.what.split(":")[0]: check.met for check in result.checks if check.what.startswith("clip 0.01")} == {
        "clip 0.01": True
    }
