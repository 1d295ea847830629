"""What all pairs of networks have in common, whoever adds one."""

import pytest
import torch
from torch import Tensor, nn
from torch.testing import assert_close

from gan_losses.errors import UsageError
from gan_losses.networks import NETWORKS, NORMS
from gan_losses.networks.dcgan import LEAK
from gan_losses.networks.initialise import build, fan_in_normal, initialise, preserving_gain, with_gain, xavier_uniform
from gan_losses.tasks import DCGAN, DCGANSettings
from gan_losses.training import Training, all_finite

SIZES = [(name, size) for name, pair in NETWORKS.items() for size in pair.sizes]
POSSIBLE = [(name, norm) for name, pair in NETWORKS.items() for norm in pair.norms or NORMS]


@pytest.mark.parametrize(("name", "size"), SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_and_range_for_every_size(name: str, size: int, channels: int) -> None:
    task = DCGAN(DCGANSettings(size, channels, 4, 10, network=name), 0)
    latents = torch.randn(2, 10, generator=torch.Generator().manual_seed(0))
    images = task.generators["image"](latents)
    assert images.shape == (2, channels, size, size)
    assert 0 < images.abs().max() < 1
    assert task.discriminators["image"](images).shape == (2, 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_other_sizes_are_refused_in_one_sentence(name: str) -> None:
    with pytest.raises(UsageError, match=rf"--image-size 48: task dcgan takes .*\b32\b.* with --network {name}\."):
        DCGAN.check({"image_size": 48, "network": name})
    DCGAN.check({"image_size": 32, "network": name})


@pytest.mark.parametrize(("name", "norm"), POSSIBLE)
def test_every_norm_that_a_pair_takes_builds_and_learns(name: str, norm: str) -> None:
    task = DCGAN(DCGANSettings(32, 1, 4, 8, norm, norm, name), 0)
    for weight in [*task.generator_parameters(), *task.discriminator_parameters()]:
        if not weight.detach().any():
            nn.init.normal_(
                weight, 0, 0.1
            )  # where a branch starts at 0, what is behind it learns from the next step on
    fakes = task.fakes(task.complete({"image": torch.zeros(4, 1, 32, 32)}, torch.Generator().manual_seed(0)))
    task.discriminators["image"](fakes["image"]).sum().backward()
    assert all(weight.grad is not None for weight in [*task.generator_parameters(), *task.discriminator_parameters()])


@pytest.mark.parametrize(("name", "norm"), [(name, norm) for name, norm in POSSIBLE if norm != "batch"])
def test_only_batch_norm_mixes_samples(name: str, norm: str) -> None:
    network = NETWORKS[name].discriminator(32, 1, 4, norm).double().eval()
    images = torch.randn(4, 1, 32, 32, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert_close(network(images)[:1], network(images[:1]))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_a_norm_that_a_pair_cannot_take_is_refused_and_never_ignored(name: str, role: str) -> None:
    pair = NETWORKS[name]
    for norm in set(NORMS) - set(pair.norms or NORMS):
        with pytest.raises(UsageError, match=rf"--network {name}: its {role} takes the norm .*, not {norm}"):
            DCGAN(DCGANSettings(32, 1, 4, 8, network=name, **{f"{role}_norm": norm}), 0)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_plan_is_told_norms_that_can_be_built(name: str) -> None:
    norms = DCGAN.norms({"network": name})
    for norm in (norms.published, norms.controlled):
        assert norms.possible is None or norm in norms.possible
        DCGAN(DCGANSettings(32, 1, 4, 8, discriminator_norm=norm, network=name), 0)
    assert norms.controlled != "batch"
    settled = DCGAN.settled({"network": name, "generator_norm": None, "width": 3})
    assert settled == {"network": name, "generator_norm": NETWORKS[name].generator_norm, "width": 3}
    assert DCGAN.settled({"network": name, "generator_norm": "layer"})["generator_norm"] == "layer"


def test_old_settings_without_a_network_are_dcgans() -> None:
    old = {"image_size": 16, "channels": 1, "width": 4, "latents": 5, "generator_norm": "batch"}
    old["discriminator_norm"] = "group"
    one, two = DCGAN.from_settings(old, 0), DCGAN.from_settings({**old, "network": "dcgan", "generator_norm": None}, 0)
    for network, other in zip(one.networks().values(), two.networks().values(), strict=True):
        assert_close(network.state_dict(), other.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("name", [name for name, pair in NETWORKS.items() if pair.norms is None])
@pytest.mark.parametrize("norm", NORMS)
def test_weights_start_equal_whatever_the_norm(name: str, norm: str) -> None:
    """But for DCGAN's without a norm, whose small weights would leave no slope."""
    pair = NETWORKS[name]
    plain, other = (
        build(3, "d", lambda each=each: pair.discriminator(32, 1, 4, each), pair.discriminator_scheme("group"))
        for each in ("group", norm)
    )
    first, second = ([weight for weight in network.parameters() if weight.dim() > 1] for network in (plain, other))
    assert all(map(torch.equal, first, second))


TRAINED = [
    ("bce", None),
    ("wgangp", "none"),
    ("hinge+spectral", "spectral"),
    ("rpgan+r1+r2", "none"),
]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize(("loss", "norm"), TRAINED)
@pytest.mark.parametrize("augment", ["none", "diffaugment"])
def test_a_few_steps_of_every_pair_stay_finite_and_move_all_weights(
    make, name: str, loss: str, norm: str | None, augment: str
) -> None:
    pair = NETWORKS[name]
    norm = norm or pair.controlled_norm
    if pair.norms is not None and norm not in pair.norms:
        norm = (
            pair.controlled_norm
        )  # the constraint of the loss cannot be met, and the plan skips it; it has to train anyhow
    training: Training = make.training(loss, norm, size=32, network=name, ema=0.9, augment=augment, channels=3)
    before = [weight.detach().clone() for weight in parameters(training)]
    for index in range(4):
        assert all_finite(training.step(index))
    weights = parameters(training)
    assert all(weight.isfinite().all() for weight in weights)
    moved = [not torch.equal(one, two) for one, two in zip(before, weights, strict=True)]
    assert sum(moved) >= len(moved) - 1  # the last bias of D may have a gradient of exactly 0


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("loss", ["wgangp", "rpgan+r1+r2"])
def test_bf16_is_near_fp32_but_not_it(make, name: str, loss: str) -> None:
    how = {"norm": "none", "size": 32, "network": name, "channels": 3}
    exact, short = (make.training(loss, precision=precision, **how).step(0) for precision in ("fp32", "bf16"))
    for term, value in exact.items():
        assert value != short[term]
        assert_close(short[term].float(), value, rtol=0.05, atol=0.05)


def parameters(training: Training) -> list[Tensor]:
    return [weight.detach() for weight in training.generator_weights + training.discriminator_weights]


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("loss", ["bce", "wgangp"])
def test_gradients_keep_their_parameters_layout_as_fused_optimisers_need(make, name: str, loss: str) -> None:
    training = make.training(loss, "none", size=32, network=name, channels=3, augment="diffaugment")
    strides = []
    for weight in training.generator_weights + training.discriminator_weights:
        weight.register_post_accumulate_grad_hook(lambda w: strides.append((layout(w), layout(w.grad))))
    training.step(0)
    assert strides
    assert all(own == gradient for own, gradient in strides)


def layout(tensor: Tensor) -> list[int]:
    """Strides of the dimensions that have more than one element; the others mean nothing."""
    return [stride for stride, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1]


@pytest.mark.parametrize("name", NETWORKS)
def test_without_a_norm_the_logits_start_at_a_size_that_learns(name: str) -> None:
    """Neither so small that no slope is left (DCGAN's own weights give 1e-4), nor so large that losses saturate."""
    task = DCGAN(DCGANSettings(32, 3, 16, 8, None, "none", name), 0)
    images = torch.rand(32, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    logits = task.discriminators["image"](images.requires_grad_())
    (slope,) = torch.autograd.grad(logits.sum(), images)
    assert 0.01 < slope.flatten(1).norm(dim=1).mean() < 20


def test_schemes_have_the_variances_that_they_promise() -> None:
    convolution = with_gain(nn.Conv2d(60, 40, 5, groups=2), 3.0)
    for scheme, deviation in (
        (xavier_uniform, 3.0 * (2 / (25 * (30 + 40))) ** 0.5),
        (fan_in_normal, 3.0 / (25 * 30) ** 0.5),
    ):
        initialise(convolution, 0, "x", scheme)
        assert convolution.weight.std().item() == pytest.approx(deviation, rel=0.01)
        assert convolution.weight.mean().item() == pytest.approx(0, abs=deviation / 50)
        assert not convolution.bias.any()
    initialise(convolution, 0, "x", xavier_uniform)
    assert convolution.weight.abs().max().item() == pytest.approx(3.0 * (6 / (25 * (30 + 40))) ** 0.5, rel=1e-3)
    norm = initialise(nn.BatchNorm2d(8), 0, "x", xavier_uniform)
    assert (norm.weight == 1).all()
    assert not norm.bias.any()


def test_a_gain_is_found_behind_spectral_norm() -> None:
    plain = with_gain(nn.Conv2d(4, 4, 3), 2.0)
    wrapped = nn.utils.parametrizations.spectral_norm(with_gain(nn.Conv2d(4, 4, 3), 2.0))
    for layer in (plain, wrapped):
        initialise(layer, 0, "x", xavier_uniform)
    assert torch.equal(wrapped.parametrizations.weight.original, plain.weight)


def test_dcgans_scheme_depends_on_the_norm_as_before() -> None:
    task = DCGAN(DCGANSettings(64, 3, 32, 8, None, "none"), 0)
    weight = task.discriminators["image"].layers[2][0].weight
    assert weight.std().item() == pytest.approx(preserving_gain(LEAK) / weight[0].numel() ** 0.5, rel=0.02)
