import pytest
import torch
from torch.nn import functional as F

from gan_losses.networks.initialise import build
from gan_losses.networks.mlp import ACTIVATIONS, MLP, NORMS, Maxout, scheme_of
from gan_losses.random import keyed_generator


def points(count: int, width: int) -> torch.Tensor:
    return torch.randn(count, width, generator=keyed_generator(0, "test"))


def test_it_is_the_composition_written_by_hand() -> None:
    network, inputs = build(0, "test", lambda: MLP(3, 8, 2, 1), scheme_of("relu")), points(5, 3)
    first, second = network.layers[0][0], network.layers[1][0]
    hidden = F.relu(inputs @ first.weight.T + first.bias)
    hidden = F.relu(hidden @ second.weight.T + second.bias)
    torch.testing.assert_close(network(inputs), hidden @ network.last.weight.T + network.last.bias)


def test_maxout_takes_the_largest_of_neighbours() -> None:
    values = points(4, 15)
    expected = torch.stack([values[:, 5 * unit : 5 * unit + 5].max(1).values for unit in range(3)], 1)
    assert torch.equal(Maxout(5)(values), expected)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_norm_goes_with_every_activation(norm: str, activation: str) -> None:
    assert MLP(3, 4, 2, 2, norm, activation)(points(6, 3)).shape == (6, 2)


@pytest.mark.parametrize("activation", ["relu", "maxout5"])
def test_a_signal_keeps_its_size_through_wide_layers(activation: str) -> None:
    network = build(0, "test", lambda: MLP(400, 400, 3, 1, activation=activation), scheme_of(activation))
    hidden = network.layers(points(500, 400))
    torch.testing.assert_close(hidden.square().mean().item(), 1.0, rtol=0.15, atol=0)


def test_spectral_norm_makes_every_layer_1_lipschitz() -> None:
    network, inputs = build(0, "test", lambda: MLP(2, 64, 2, 1, "spectral"), scheme_of("relu")), points(200, 2)
    for _ in range(200):
        network(inputs)
    layers = [network.layers[0][0], network.layers[1][0], network.last]
    norms = torch.stack([torch.linalg.matrix_norm(layer.weight, 2) for layer in layers])
    torch.testing.assert_close(norms, torch.ones(3), rtol=1e-3, atol=0)


def test_parts_keep_their_first_weights_under_another_norm() -> None:
    plain, spectral = (build(0, "test", lambda norm=norm: MLP(2, 8, 2, 1, norm)) for norm in ("none", "spectral"))
    assert torch.equal(plain.last.weight, spectral.last.parametrizations.weight.original)
