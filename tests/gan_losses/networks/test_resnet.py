"""The 32-pixel residual pair against its table in the paper, counted by hand, and against plain functions."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrize import is_parametrized
from torch.testing import assert_close

from gan_losses.networks.initialise import build
from gan_losses.networks.resnet import PAIR, Discriminator, Generator


def size(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def convolution(inside: int, outside: int, kernel: int) -> int:
    return inside * outside * kernel**2 + outside


def test_at_width_64_the_generator_has_the_papers_256_channels() -> None:
    block = 2 * (2 * 256) + 2 * convolution(256, 256, 3) + convolution(256, 256, 1)
    project, end = 128 * 4096 + 4096, 2 * 256 + convolution(256, 3, 3)
    assert size(Generator(3, 64, 128)) == project + 3 * block + end == 4_276_739


@pytest.mark.parametrize("norm", ["none", "spectral"])
def test_at_width_64_the_discriminator_has_the_papers_128_channels(norm: str) -> None:
    first = convolution(3, 128, 3) + convolution(128, 128, 3) + convolution(3, 128, 1)
    down = 2 * convolution(128, 128, 3) + convolution(128, 128, 1)
    rest = 2 * (2 * convolution(128, 128, 3))
    assert size(Discriminator(3, 64, norm)) == first + down + rest + 128 + 1 == 1_053_825


def random_weights(network: nn.Module) -> dict[str, Tensor]:
    """Draws all weights anew, in float64, and gives them by name."""
    random = torch.Generator().manual_seed(1)
    for weight in network.double().parameters():
        nn.init.normal_(weight, 0, 0.2, generator=random)
    return dict(network.named_parameters())


def layers_of(network: nn.Module) -> list[tuple[str, nn.Module]]:
    return [(name, layer) for name, layer in network.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)]


def apply(maps: Tensor, weights: dict[str, Tensor], name: str) -> Tensor:
    weight = weights[f"{name}.weight"]
    return F.conv2d(maps, weight, weights[f"{name}.bias"], padding=weight.shape[-1] // 2)


@pytest.mark.parametrize(("norm", "pool"), [("none", torch.mean), ("spectral", torch.sum)])
def test_the_discriminator_is_the_tables(norm: str, pool: Callable[..., Tensor]) -> None:
    """In the usual order: a shortcut's 1 x 1 convolution before the average, but for the first block."""
    network = Discriminator(3, 2, norm).eval()
    random_weights(network)
    w = {f"{name}.{kind}": getattr(layer, kind) for name, layer in layers_of(network) for kind in ("weight", "bias")}
    images = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    inner = apply(apply(images, w, "blocks.0.residual.0").relu(), w, "blocks.0.residual.2")
    maps = F.avg_pool2d(inner, 2) + apply(F.avg_pool2d(images, 2), w, "blocks.0.shortcut")
    for index in (1, 2, 3):
        maps = maps.relu()  # for both branches
        inner = apply(maps, w, f"blocks.{index}.residual.1").relu()
        inner = apply(inner, w, f"blocks.{index}.residual.3")
        whole = inner + (apply(maps, w, "blocks.1.shortcut") if index == 1 else maps)
        maps = F.avg_pool2d(whole, 2) if index == 1 else whole
    assert maps.shape == (2, 4, 8, 8)
    logits = pool(maps.relu(), (2, 3)) @ w["head.weight"].t() + w["head.bias"]
    assert_close(network(images), logits, rtol=1e-10, atol=1e-10)


def test_the_generator_is_the_tables() -> None:
    """In the usual order: a shortcut's maps doubled before its 1 x 1 convolution."""
    network = Generator(3, 1, 6).train()
    w = random_weights(network)
    latents = torch.randn(5, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def rectified(maps: Tensor, name: str) -> Tensor:
        mean, variance = maps.mean((0, 2, 3), keepdim=True), maps.var((0, 2, 3), keepdim=True, correction=0)
        scale, bias = (w[f"{name}.{each}"].view(1, -1, 1, 1) for each in ("weight", "bias"))
        return ((maps - mean) / (variance + 1e-5).sqrt() * scale + bias).relu()

    def stretched(rows: Tensor) -> Tensor:
        """Between two rows stand two new ones, a quarter of the way from each; the outermost are repeated."""
        wide = torch.cat([rows[:, :, :1], rows, rows[:, :, -1:]], 2)
        low, high = wide[:, :, :-1], wide[:, :, 1:]
        between = torch.stack([0.75 * low + 0.25 * high, 0.25 * low + 0.75 * high], 3).flatten(2, 3)
        return between[:, :, 1:-1]

    def doubled(maps: Tensor) -> Tensor:
        return stretched(stretched(maps).transpose(2, 3)).transpose(2, 3)

    maps = latents @ w["project.weight"].t() + w["project.bias"]
    maps = maps.view(5, 4, 4, 4).permute(0, 3, 1, 2)
    for index in range(3):
        residual = apply(doubled(rectified(maps, f"blocks.{index}.residual.0.0")), w, f"blocks.{index}.residual.2")
        residual = apply(rectified(residual, f"blocks.{index}.residual.3.0"), w, f"blocks.{index}.residual.4")
        maps = residual + apply(doubled(maps), w, f"blocks.{index}.shortcut")
    images = apply(rectified(maps, "activation.0"), w, "last").tanh()
    assert_close(network(latents), images, rtol=1e-9, atol=1e-9)


def test_spectral_norm_is_on_every_layer_with_a_weight() -> None:
    network = Discriminator(3, 4, "spectral")
    layers = [layer for _, layer in layers_of(network)]
    assert len(layers) == 3 + 3 + 2 + 2 + 1
    assert all(is_parametrized(layer, "weight") for layer in layers)
    for layer in layers:
        largest = torch.linalg.matrix_norm(layer.weight.detach().flatten(1), 2).item()
        assert largest == pytest.approx(1.0, rel=0.1)


def test_initial_weights_are_xaviers_with_root_two_in_the_branches() -> None:
    network = build(0, "d", lambda: PAIR.discriminator(32, 3, 32, "none"), PAIR.discriminator_scheme("none"))
    expected = {
        "blocks.0.residual.2": 2 * 2 / (9 * 128),
        "blocks.2.residual.1": 2 * 2 / (9 * 128),
        "blocks.1.shortcut": 2 / 128,
        "blocks.0.shortcut": 2 / (3 + 64),
        "head": 2 / (64 + 1),
    }
    for name, variance in expected.items():
        weight = network.get_submodule(name).weight
        assert weight.var().item() == pytest.approx(variance, rel=0.25 if weight.numel() < 500 else 0.05), name
        assert weight.abs().max().item() <= (3 * variance) ** 0.5 * 1.0001
