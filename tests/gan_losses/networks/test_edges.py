"""The outermost layers against torch's own, in float64."""

import copy

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.few_channels import FEW
from gan_losses.networks.edges import ImageToMaps, MapsToImage, MapsToLargerImage

LAYERS = {
    "from gray": (lambda: ImageToMaps(1, 6, 4, 2, 1), (3, 1, 16, 16)),
    "from colour": (lambda: ImageToMaps(3, 6, 4, 2, 1), (2, 3, 12, 20)),
    "from colour, stride 1": (lambda: ImageToMaps(3, 6, 3, bias=False), (2, 3, 12, 20)),
    "from colour, oblong": (lambda: ImageToMaps(3, 6, (4, 2), (2, 1), (1, 0)), (2, 3, 12, 9)),
    "from colour, a row to spare": (lambda: ImageToMaps(3, 6, 4, 2, 1), (2, 3, 13, 9)),
    "from colour, a row unseen": (lambda: ImageToMaps(3, 6, 4, 2), (2, 3, 13, 9)),
    "from many": (lambda: ImageToMaps(FEW + 1, 6, 4, 2, 1), (2, FEW + 1, 8, 8)),
    "to gray": (lambda: MapsToImage(6, 1, 3), (2, 6, 10, 18)),
    "to colour": (lambda: MapsToImage(6, 3, 7), (2, 6, 22, 22)),
    "to colour, odd width": (lambda: MapsToImage(6, 3, 7), (2, 6, 22, 19)),
    "to colour, without bias": (lambda: MapsToImage(6, 3, (5, 3), bias=False), (2, 6, 8, 6)),
    "to many": (lambda: MapsToImage(6, FEW + 1, 3), (2, 6, 10, 18)),
    "to larger gray": (lambda: MapsToLargerImage(6, 1, 4, 2, 1), (3, 6, 8, 8)),
    "to larger colour": (lambda: MapsToLargerImage(6, 3, 4, 2, 1), (2, 6, 5, 8)),
    "to larger, without bias": (lambda: MapsToLargerImage(6, 3, 3, 3, 0, bias=False), (2, 6, 5, 8)),
    "to larger colour, three at a time": (lambda: MapsToLargerImage(4, 2, 6, 3, 1), (2, 4, 3, 5)),
    "to larger colour, oblong": (lambda: MapsToLargerImage(4, 3, (4, 2), (2, 1), (1, 0)), (2, 4, 5, 6)),
    "to larger many": (lambda: MapsToLargerImage(6, FEW + 1, 4, 2, 1), (2, 6, 5, 8)),
}


@pytest.fixture(params=list(LAYERS))
def pair(request) -> tuple[nn.Module, nn.Module, Tensor]:
    """Ours, torch's with the same weights, and what goes in."""
    make, shape = LAYERS[request.param]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        layer = make().double()
        values = torch.randn(shape, dtype=torch.float64)
    plain = copy.deepcopy(layer)
    plain.__class__ = type(layer).__base__
    assert plain.__class__ in (nn.Conv2d, nn.ConvTranspose2d)
    return layer, plain, values


def first_gradients(layer: nn.Module, values: Tensor, create_graph: bool = False) -> list[Tensor]:
    values = values.detach().requires_grad_()
    result = layer(values)
    direction = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).view_as(result)
    wanted = [values, *layer.parameters()]
    return [result, *torch.autograd.grad((result * direction + result**2).sum(), wanted, create_graph=create_graph)]


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_values_and_gradients_are_torchs(pair, memory_format) -> None:
    ours, plain, values = pair
    ours, values = ours.to(memory_format=memory_format), values.contiguous(memory_format=memory_format)
    assert_close(first_gradients(ours, values), first_gradients(plain, values), rtol=1e-11, atol=1e-12)


def test_second_derivatives_are_torchs(pair) -> None:
    ours, plain, values = pair
    found = []
    for layer in (ours, plain):
        total = sum(gradient.square().sum() for gradient in first_gradients(layer, values, create_graph=True)[1:])
        found.append(torch.autograd.grad(total, list(layer.parameters())))
    assert_close(found[0], found[1], rtol=1e-10, atol=1e-11)


def test_single_precision_is_as_near_to_double_as_torchs(pair) -> None:
    ours, plain, values = pair
    truth = first_gradients(plain, values)
    for layer in (ours, plain):
        for found, expected in zip(first_gradients(layer.float(), values.float()), truth, strict=True):
            assert ((found - expected).norm() / expected.norm()).abs() < 2e-6


def test_under_autocast_they_are_torchs_own_bit_for_bit(pair) -> None:
    ours, plain, values = pair
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(ours.float()(values.float()), plain.float()(values.float()))


def test_weights_have_torchs_names_and_shapes(pair) -> None:
    ours, plain, _ = pair
    assert {name: each.shape for name, each in ours.state_dict().items()} == {
        name: each.shape for name, each in plain.state_dict().items()
    }


def test_spectral_norm_reaches_them() -> None:
    layer = nn.utils.parametrizations.spectral_norm(MapsToLargerImage(6, 1, 4, 2, 1))
    weight = layer.weight.detach()
    assert_close(torch.linalg.matrix_norm(weight.transpose(0, 1).flatten(1), 2).item(), 1.0, rtol=0.05, atol=0)
    expected = nn.functional.conv_transpose2d(torch.ones(1, 6, 4, 4), weight, layer.bias, 2, 1)
    layer.eval()
    assert_close(layer(torch.ones(1, 6, 4, 4)), expected, rtol=1e-4, atol=1e-5)
