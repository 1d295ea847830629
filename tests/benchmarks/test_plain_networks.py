import pytest
import torch
from torch import nn

from benchmarks.plain_networks import as_published
from gan_losses.networks import Discriminator, Generator
from gan_losses.networks.cyclegan import PatchDiscriminator, ResNetGenerator
from gan_losses.networks.initialise import build
from gan_losses.networks.norms import NORMS, InstanceNorm


def noise(*shape: int) -> torch.Tensor:
    return torch.empty(shape).uniform_(-1, 1, generator=torch.Generator().manual_seed(0))


NETWORKS = {
    "ResNetGenerator": (lambda norm: ResNetGenerator(3, 4, 1, norm), noise(2, 3, 32, 32)),
    "PatchDiscriminator": (lambda norm: PatchDiscriminator(3, 4, 2, norm), noise(2, 3, 32, 32)),
    "Generator": (lambda norm: Generator(16, 1, 4, 8, norm), noise(2, 8)),
    "Discriminator": (lambda norm: Discriminator(16, 1, 4, norm), noise(2, 1, 16, 16)),
}


@pytest.mark.parametrize("norm", NORMS)
def test_as_published_copies_and_replaces_only_our_instance_norm(norm: str) -> None:
    for make, x in NETWORKS.values():
        network = build(0, "network", lambda make=make: make(norm))
        network.to(memory_format=torch.channels_last)
        network.eval()
        before = network.state_dict()
        published = as_published(network)
        assert not any(isinstance(module, InstanceNorm) for module in published.modules())
        ours = [module.channels for module in network.modules() if isinstance(module, InstanceNorm)]
        assert [m.num_features for m in published.modules() if isinstance(m, nn.InstanceNorm2d)] == ours
        assert bool(ours) == (norm == "instance")
        assert not any(module.training for module in published.modules())
        for name, value in published.state_dict().items():
            assert torch.equal(value, before[name])
            assert value.is_contiguous()
            assert value.data_ptr() != before[name].data_ptr()
        torch.testing.assert_close(published(x), network(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("norm", ["none", "spectral"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_convolution_is_torchs(name: str, norm: str) -> None:
    """Asked for gradients of everything, its graph has no function but torch's own."""
    make, x = NETWORKS[name]
    network = as_published(make(norm))
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
    assert layers
    for layer in layers:
        assert layer.forward.__func__ in (nn.Conv2d.forward, nn.ConvTranspose2d.forward)
        assert layer.forward.__self__ is layer
    seen, waiting = set(), [network(x.clone().requires_grad_()).grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting.extend(following for following, _ in node.next_functions)
    assert not any(isinstance(node, torch.autograd.function.BackwardCFunction) for node in seen)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_convolution_works_on_contiguous_maps(name: str) -> None:
    make, x = NETWORKS[name]
    network, seen = as_published(make("batch")), []
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            layer.register_forward_hook(lambda _, inputs, output: seen.extend([inputs[0], output]))
    network(x)
    assert seen
    assert all(maps.is_contiguous() for maps in seen)
