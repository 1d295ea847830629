import pytest
import torch
from torch import nn
from torch.testing import assert_close

from gan_losses.networks import NORMS, Discriminator, Generator
from gan_losses.networks.dcgan import SIZES
from gan_losses.networks.initialise import build, initialise
from gan_losses.tasks import DCGAN, DCGANSettings


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_shapes_and_range_for_every_size_and_number_of_channels(size: int, channels: int) -> None:
    latents = torch.randn(2, 10, generator=torch.Generator().manual_seed(0))
    images = Generator(size, channels, width=4, latents=10)(latents)
    assert images.shape == (2, channels, size, size)
    assert images.abs().max() < 1
    assert Discriminator(size, channels, width=4)(images).shape == (2, 1)


def test_at_64_pixels_and_width_64_the_discriminator_is_the_one_of_the_text() -> None:
    layers = [layer for block in Discriminator(64, 3, 64, "batch").layers for layer in block]
    convolutions = [layer for layer in layers if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [64, 128, 256, 512]
    assert all(layer.stride == (2, 2) for layer in convolutions)
    assert [layer.num_features for layer in layers if isinstance(layer, nn.BatchNorm2d)] == [128, 256, 512]
    assert all(layer.negative_slope == 0.2 for layer in layers if isinstance(layer, nn.LeakyReLU))
    head = Discriminator(64, 3, 64, "batch").head
    assert isinstance(head, nn.Linear)
    assert (head.in_features, head.out_features) == (8192, 1)


@pytest.mark.parametrize("norm", NORMS)
@pytest.mark.parametrize("width", [4, 12])
def test_every_norm_builds_and_learns(norm: str, width: int) -> None:
    network = Discriminator(16, 1, width, norm)
    network(torch.randn(4, 1, 16, 16)).sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


@pytest.mark.parametrize("norm", [norm for norm in NORMS if norm != "batch"])
def test_only_batch_norm_mixes_samples(norm: str) -> None:
    network = build(0, "discriminator", lambda: Discriminator(16, 1, 8, norm)).double().eval()
    images = torch.randn(4, 1, 16, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert_close(network(images)[:1], network(images[:1]))


def test_batch_norm_does_mix_them() -> None:
    network = build(0, "discriminator", lambda: Discriminator(16, 1, 8, "batch"))
    images = torch.randn(4, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(network(images)[:1], network(images[:2])[:1])


@pytest.mark.parametrize("norm", ["instance", "group", "layer"])
def test_norms_have_right_gradients_in_channels_last_at_batch_1(norm: str) -> None:
    images = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    gradients = []
    for dtype, memory_format in ((torch.float64, torch.contiguous_format), (torch.float32, torch.channels_last)):
        network = build(0, "discriminator", lambda: Discriminator(16, 3, 8, norm))
        network = network.to(dtype=dtype, memory_format=memory_format)  # type: ignore[call-overload]
        network(images.to(dtype=dtype, memory_format=memory_format)).sum().backward()
        gradients.append([parameter.grad.double() for parameter in network.parameters()])
    for exact, fast in zip(*gradients, strict=True):
        assert_close(fast, exact, rtol=1e-4, atol=1e-6)


def test_without_a_norm_the_signal_keeps_its_size_through_the_discriminator() -> None:
    task = DCGAN(DCGANSettings(64, 3, 32, 8, "batch", "none"), 0)
    sizes = []
    for block in task.discriminators["image"].layers:
        block.register_forward_hook(lambda module, args, output: sizes.append(output.square().mean().sqrt().item()))
    images = torch.randn(8, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    task.discriminators["image"](images)
    assert len(sizes) == 4
    assert all(0.5 < size < 2 for size in sizes), sizes


def test_initial_weights_are_dcgans() -> None:
    network = initialise(Discriminator(64, 3, 32, "batch"), 0, "discriminator")
    weight = network.layers[2][0].weight
    assert isinstance(network.layers[2][0], nn.Conv2d)
    assert weight.std().item() == pytest.approx(0.02, rel=0.02)
    scales = torch.cat([layer.weight for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)])
    assert scales.mean().item() == pytest.approx(1.0, abs=0.01)
    assert all((layer.bias == 0).all() for layer in network.modules() if isinstance(layer, nn.BatchNorm2d))


@pytest.mark.parametrize("norm", NORMS)
def test_convolutions_start_equal_whatever_the_norm(norm: str) -> None:
    plain, other = (build(3, "d", lambda norm=norm: Discriminator(32, 1, 8, norm)) for norm in ("none", norm))
    for one, two in zip(weights(plain), weights(other), strict=True):
        assert torch.equal(one, two)
    assert not torch.equal(weights(plain)[0], weights(build(4, "d", lambda: Discriminator(32, 1, 8, "none")))[0])


def weights(network: nn.Module) -> list[torch.Tensor]:
    """Of convolutions and linear layers, before any reparametrisation."""
    return [
        value
        for name, value in network.named_parameters()
        if value.dim() > 1 and name.endswith(("weight", "weight.original"))
    ]


def test_building_is_keyed_and_leaves_the_global_generator_alone() -> None:
    state = torch.get_rng_state()
    first, second = (build(0, "discriminator", lambda: Discriminator(16, 1, 8, "spectral")) for _ in range(2))
    assert torch.equal(torch.get_rng_state(), state)
    for (name, one), two in zip(first.state_dict().items(), second.state_dict().values(), strict=True):
        assert torch.equal(one, two), name
