"""Against torch's own double backward in float64."""

from collections import Counter
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm
from torch.testing import assert_close
from torch.utils._python_dispatch import TorchDispatchMode

from gan_losses.networks import Discriminator, r3gan, resnet
from gan_losses.networks.cyclegan import PatchDiscriminator
from gan_losses.penalties.double_backward import LeanDoubleBackward
from gan_losses.penalties.slopes import input_gradient


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1, groups=2)

    def forward(self, images: Tensor) -> Tensor:
        inner = F.relu(self.first(images), inplace=True)
        return inner + F.leaky_relu(self.second(inner), 0.1)


def started(network: nn.Module) -> nn.Module:
    """All weights drawn, those too that a pair starts at 0."""
    with torch.no_grad():
        for weight in network.parameters():
            weight.normal_(0, 0.3)
    return network


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "dcgan without norm": (lambda: Discriminator(16, 2, 4, "none"), (2, 16, 16)),
    "dcgan with layer norm": (lambda: Discriminator(16, 2, 4, "layer"), (2, 16, 16)),
    "dcgan with spectral norm": (lambda: Discriminator(16, 2, 4, "spectral"), (2, 16, 16)),
    "residual without norm": (lambda: started(resnet.Discriminator(2, 2, "none")), (2, 32, 32)),
    "residual with group norm": (lambda: started(resnet.Discriminator(2, 2, "group")), (2, 32, 32)),
    "residual with spectral norm": (lambda: started(resnet.Discriminator(2, 2, "spectral")), (2, 32, 32)),
    "residual, grouped, resampled": (lambda: started(r3gan.Discriminator(16, 2, 4)), (2, 16, 16)),
    "patches with instance norm": (lambda: PatchDiscriminator(2, 4, 1), (2, 16, 16)),
    "in place and used again": (Residual, (2, 8, 8)),
    "strides, dilation, groups": (
        lambda: nn.Sequential(nn.Conv2d(2, 4, 3, (2, 1), 1, (1, 2), 2), nn.ReLU(), nn.Conv2d(4, 1, 2, bias=False)),
        (2, 8, 8),
    ),
    "padding by name": (lambda: nn.Sequential(nn.Conv2d(2, 4, 3, padding="same"), nn.LeakyReLU(0.3)), (2, 8, 8)),
    "reflected": (lambda: nn.Sequential(nn.Conv2d(2, 4, 3, padding=1, padding_mode="reflect"), nn.ReLU()), (2, 8, 8)),
    "smooth": (lambda: nn.Sequential(nn.Conv2d(2, 4, 3), nn.SiLU(), nn.Conv2d(4, 1, 3)), (2, 8, 8)),
    "one dimension": (lambda: nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU(inplace=True), nn.Conv1d(4, 1, 3)), (2, 9)),
    "three dimensions": (lambda: nn.Sequential(nn.Conv3d(2, 4, 2), nn.ReLU(), nn.Conv3d(4, 1, 2)), (2, 4, 4, 4)),
    "no convolution": (lambda: nn.Sequential(nn.Linear(3, 4), nn.LeakyReLU(0.2, inplace=True), nn.Linear(4, 1)), (3,)),
    "linear": (lambda: nn.Conv2d(2, 1, 3, padding=1), (2, 8, 8)),
    "a rectifier first": (lambda: nn.Sequential(nn.ReLU(), nn.Conv2d(2, 1, 3)), (2, 8, 8)),
    "not quite leaky": (lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.LeakyReLU(-0.5), nn.Conv2d(3, 1, 3)), (2, 8, 8)),
}


def plain_gradient(network: nn.Module, images: Tensor) -> Tensor:
    images = images.detach().requires_grad_()
    total = network(images).flatten(1).mean(1).sum()
    return torch.autograd.grad(total, images, create_graph=True)[0]


def penalty(gradient: Tensor) -> Tensor:
    return (gradient.flatten(1).norm(dim=1) - 1).square().mean()


@pytest.fixture(params=list(NETWORKS))
def case(request) -> tuple[nn.Module, Tensor]:
    make, shape = NETWORKS[request.param]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return make().double().eval(), torch.randn(3, *shape, dtype=torch.float64)


def test_values_and_weights_gradients_are_torchs(case) -> None:
    network, images = case
    weights = list(network.parameters())
    results = []
    for take in (plain_gradient, input_gradient):
        gradient = take(network, images)
        found = torch.autograd.grad(penalty(gradient), weights, allow_unused=True, materialize_grads=True)
        results.append((gradient.detach(), found))
    assert any(gradient.abs().max() > 0 for gradient in results[0][1])
    assert_close(results[1], results[0], rtol=1e-11, atol=1e-13)


def test_a_third_derivative_is_torchs(case) -> None:
    network, images = case
    direction = [torch.ones_like(weight) for weight in network.parameters()]
    results = []
    for take in (plain_gradient, input_gradient):
        weights = list(network.parameters())
        first = torch.autograd.grad(
            penalty(take(network, images)), weights, create_graph=True, allow_unused=True, materialize_grads=True
        )
        total = sum((one * other).sum() for one, other in zip(first, direction, strict=True))
        results.append(torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True))
    assert_close(results[1], results[0], rtol=1e-10, atol=1e-12)


def test_the_graph_reaches_the_logits_too() -> None:
    """Losses may use value and slope of the same pass."""
    network = Discriminator(16, 1, 4, "layer").double()
    results = []
    for lean in (LeanDoubleBackward(), None):
        images = torch.linspace(-1, 1, 512, dtype=torch.float64).view(2, 1, 16, 16).requires_grad_()
        if lean is None:
            logits = network(images)
            (gradient,) = torch.autograd.grad(logits.sum(), images, create_graph=True)
        else:
            with lean:
                logits = network(images)
            gradient = lean.gradient(logits.sum(), images)
        total = logits.square().sum() + gradient.square().sum()
        results.append(torch.autograd.grad(total, list(network.parameters())))
    assert_close(results[0], results[1], rtol=1e-11, atol=1e-13)


class _Count(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.calls: Counter[str] = Counter()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if "convolution" in str(func):
            wanted = "".join(str(int(each)) for each in args[-1]) if "backward" in str(func) else "forward"
            self.calls[wanted] += 1
        return func(*args, **(kwargs or {}))


def test_four_passes_are_all() -> None:
    layers = 2
    network = nn.Sequential(nn.Conv2d(8, 8, 3), nn.LeakyReLU(0.2, inplace=True), nn.Conv2d(8, 8, 3))
    with _Count() as count:
        penalty(input_gradient(network, torch.rand(2, 8, 8, 8))).backward()
    # Images, the slope's way back, the tangent's way forth (not beyond the last layer); the weights once.
    assert count.calls == {"forward": 2 * layers - 1, "100": layers, "010": layers}


def test_layouts_stay_equal_for_the_fused_optimiser() -> None:
    network = Discriminator(16, 3, 4, "none").to(memory_format=torch.channels_last)
    images = torch.rand(2, 3, 16, 16).contiguous(memory_format=torch.channels_last)
    penalty(input_gradient(network, images)).backward()
    for weight in network.parameters():
        if weight.grad is not None:
            assert weight.grad.stride() == weight.stride()


def test_autocast_gives_the_short_type_to_convolutions() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.LeakyReLU(0.2, inplace=True), nn.Flatten(), nn.Linear(144, 1))
    images = torch.rand(2, 1, 8, 8)
    seen = []
    network[1].register_forward_hook(lambda module, inputs, output: seen.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        short = penalty(input_gradient(network, images))
    short.backward()
    assert seen == [torch.bfloat16]
    assert {weight.grad.dtype for weight in network.parameters() if weight.grad is not None} == {torch.float32}
    assert_close(short.float(), penalty(plain_gradient(network, images)), rtol=0.05, atol=0.01)


def test_a_call_behind_a_view_is_left_to_torch() -> None:
    class Viewing(nn.Module):
        def forward(self, images: Tensor) -> Tensor:
            values = images * 2
            F.relu(values[:, :1], inplace=True)  # changes a part of `values`
            return values

    images = torch.tensor([[-1.0, -3.0], [2.0, 5.0]])
    assert_close(input_gradient(Viewing(), images), torch.tensor([[0.0, 1.0], [1.0, 1.0]]))


def test_spectral_norms_weights_are_reached() -> None:
    layer = spectral_norm(nn.Conv2d(1, 2, 3)).double()
    gradient = input_gradient(layer, torch.rand(2, 1, 5, 5, dtype=torch.float64))
    penalty(gradient).backward()
    assert layer.parametrizations.weight.original.grad.abs().max() > 0
