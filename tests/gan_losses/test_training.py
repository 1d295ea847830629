"""The step: what is updated when, with which numbers, and that layouts and phases change none of them."""

import os

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.testing import assert_close

from gan_losses.losses import LOSSES
from gan_losses.penalties import R1
from gan_losses.random import keyed_generator
from gan_losses.training import OPTIMIZERS, Training, all_finite


def weights(training: Training) -> list[Tensor]:
    return [weight.detach().clone() for weight in training.generator_weights + training.discriminator_weights]


def test_a_step_equals_the_plain_loop_written_by_hand(make) -> None:
    training, plain = make.training("bce", channels_last=False), make.task("none")
    training.step(0)
    generator, discriminator = plain.generators["image"], plain.discriminators["image"]
    settings = {"lr": 2e-4, "betas": (0.5, 0.999)}
    discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), **settings)
    generator_optimizer = torch.optim.Adam(generator.parameters(), **settings)
    real = training.batches(0, 0)["image"]
    fake = generator(torch.randn(8, 8, generator=keyed_generator(0, "latents", 0, 0)))
    ones, zeros = torch.ones(8, 1), torch.zeros(8, 1)
    error = F.binary_cross_entropy_with_logits(discriminator(real), ones)
    error = error + F.binary_cross_entropy_with_logits(discriminator(fake.detach()), zeros)
    error.backward()
    discriminator_optimizer.step()
    generator_error = F.binary_cross_entropy_with_logits(discriminator(fake), ones)
    generator_error.backward()
    generator_optimizer.step()
    expected = [*generator.parameters(), *discriminator.parameters()]
    for ours, theirs in zip(weights(training), expected, strict=True):
        assert_close(ours, theirs.detach(), rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("n_critic", [1, 3])
def test_updates_are_counted(make, n_critic: int) -> None:
    training = make.training("wgan", n_critic=n_critic)
    for index in range(4):
        training.step(index)
    states = training.discriminator_optimizer.state.values(), training.generator_optimizer.state.values()
    assert [{int(state["step"]) for state in group} for group in states] == [{4 * n_critic}, {4}]


def test_the_generators_phase_leaves_the_discriminator_alone_and_the_other_way_round(make) -> None:
    training = make.training("lsgan")
    training.step(0)
    before = weights(training)
    training.generator_optimizer.step = lambda: None  # type: ignore[method-assign]
    training.step(1)
    middle = weights(training)
    count = len(training.generator_weights)
    assert all(map(torch.equal, before[:count], middle[:count]))
    assert not any(map(torch.equal, before[count:-1], middle[count:-1]))
    training.discriminator_optimizer.step = lambda: None  # type: ignore[method-assign]
    del training.generator_optimizer.step
    training.step(2)
    after = weights(training)
    assert all(map(torch.equal, middle[count:], after[count:]))
    assert not all(map(torch.equal, middle[:count], after[:count]))
    assert all(weight.requires_grad for weight in training.discriminator_weights)


def test_the_discriminator_is_frozen_in_the_generators_phase_alone(make) -> None:
    training = make.training("bce")
    (discriminator,) = training.task.discriminators.values()
    asked = []
    discriminator.register_forward_hook(
        lambda *call: asked.append({weight.requires_grad for weight in training.discriminator_weights})
    )
    training.step(0)
    assert asked == [{True}, {True}, {False}]


def test_draw_0_is_the_same_for_every_loss_and_n_critic(make) -> None:
    one, five = make.training("bce"), make.training("wgangp", n_critic=5)
    for name in ("image", "latents"):
        assert torch.equal(one.batch(7, 0)[name], five.batch(7, 0)[name])
        assert not torch.equal(five.batch(7, 0)[name], five.batch(7, 1)[name])
        assert not torch.equal(one.batch(7, 0)[name], one.batch(8, 0)[name])


@pytest.mark.parametrize("name", LOSSES)
def test_the_same_seed_gives_the_same_weights_bit_for_bit(make, name: str) -> None:
    first, second = make.training(name, n_critic=2), make.training(name, n_critic=2)
    for index in range(3):
        first.step(index)
    torch.rand(5)  # the global generator is of no account
    for index in range(3):
        second.step(index)
    assert all(map(torch.equal, weights(first), weights(second)))


def terms_and_gradients(training: Training) -> tuple[dict[str, Tensor], dict[int, Tensor]]:
    gradients: dict[int, Tensor] = {}
    for position, weight in enumerate(training.generator_weights + training.discriminator_weights):
        weight.register_post_accumulate_grad_hook(
            lambda w, position=position: gradients.__setitem__(position, w.grad.clone())
        )
    return training.step(0), gradients


@pytest.mark.parametrize("name", ["bce", "wgangp", "ragan+cr+lecam"])
def test_channels_last_changes_losses_and_gradients_by_rounding_only(make, name: str) -> None:
    results = [terms_and_gradients(make.training(name, channels_last=layout)) for layout in (False, True)]
    for term, value in results[0][0].items():
        assert_close(results[1][0][term], value, rtol=1e-5, atol=1e-5)
    for position, gradient in results[0][1].items():
        scale = gradient.abs().max().item()
        assert_close(results[1][1][position], gradient, rtol=0, atol=1e-3 * scale + 1e-7)


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_keep_their_parameters_layout_as_fused_optimisers_need(make, name: str) -> None:
    training = make.training(name, channels=3)
    strides = []
    for weight in training.generator_weights + training.discriminator_weights:
        weight.register_post_accumulate_grad_hook(lambda w: strides.append((layout(w), layout(w.grad))))
    training.step(0)
    assert strides
    assert all(own == gradient for own, gradient in strides)


def layout(tensor: Tensor) -> list[int]:
    """Strides of the dimensions that have more than one element; the others mean nothing."""
    return [stride for stride, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1]


def test_wgan_weights_are_clipped_and_wgangps_are_not(make) -> None:
    wgan, wgangp = make.training("wgan"), make.training("wgangp")
    for training in (wgan, wgangp):
        training.step(0)
    largest = [max(weight.abs().max().item() for weight in t.discriminator_weights) for t in (wgan, wgangp)]
    assert largest[0] <= 0.01 + 1e-9
    assert largest[1] > 0.02


def test_a_lazy_penalty_counts_discriminator_updates_and_pays_for_all_of_them(make) -> None:
    training = make.training("bce+r1:every=4", n_critic=3)
    paid = []
    original = R1.value
    indices = []

    def value(self, update):
        indices.append(update.index)
        return original(self, update)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(R1, "value", value)
        paid = [training.step(index)["penalty_image"].item() for index in range(4)]
    assert indices == [0, 4, 8]
    # A step's term is that of its last update: 2, 5, 8 and 11.
    assert [value > 0 for value in paid] == [False, False, True, False]
    assert paid.count(0.0) == 3


def test_what_a_penalty_remembers_is_kept_from_step_to_step(make) -> None:
    training = make.training("bce+lecam")
    for index in range(2):
        training.step(index)
    first = dict(training.memory["image"])
    training.step(2)
    assert set(first) == {"lecam_real", "lecam_fake"}
    assert all(first[name] != training.memory["image"][name] for name in first)


def test_flipped_labels_are_the_same_at_the_same_step_and_others_at_the_next(make) -> None:
    plain, flipped, again = (make.training(name) for name in ("bce", "bce:flip=0.5", "bce:flip=0.5"))
    terms = [training.step(0)["discriminator_image"] for training in (plain, flipped, again)]
    assert terms[0] != terms[1]
    assert terms[1] == terms[2]


def test_terms_have_names_and_are_on_no_graph(make) -> None:
    terms = make.training("wgangp").step(0)
    assert list(terms) == ["discriminator_image", "penalty_image", "adversarial_image"]
    assert not any(term.requires_grad for term in terms.values())
    assert list(make.training("bce").step(0)) == ["discriminator_image", "adversarial_image"]


def test_bf16_is_near_fp32_but_not_it(make) -> None:
    exact, short = make.training("bce").step(0), make.training("bce", precision="bf16").step(0)
    for name, value in exact.items():
        assert value != short[name]
        assert_close(short[name].float(), value, rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimiser_moves_both_networks(make, optimizer: str) -> None:
    training = make.training("bce", optimizer=optimizer)
    before = weights(training)
    training.step(0)
    moved = [not torch.equal(one, two) for one, two in zip(before, weights(training), strict=True)]
    assert sum(moved) >= len(moved) - 1  # the last bias of D may have a gradient of exactly 0


def test_nothing_in_a_step_reads_a_tensors_value(make, monkeypatch) -> None:
    penalties = "gp+lp+gp0+r1+r2+dragan+lecam+cr+clip"
    training = make.training(f"bce:real_label=0.9:flip=0.1+{penalties}", n_critic=2)
    training.step(0)

    def forbidden(*args: object) -> None:
        raise AssertionError("a step waited for the device")

    for name in ("item", "tolist", "__bool__", "__float__", "cpu", "numpy"):
        monkeypatch.setattr(Tensor, name, forbidden)
    training.step(1)


def test_not_finite_terms_are_seen(make) -> None:
    assert all_finite({"a": torch.tensor(1.0)})
    assert not all_finite({"a": torch.tensor(1.0), "b": torch.tensor(float("nan"))})
    assert not all_finite({"a": torch.tensor(float("inf"))})


def test_a_gpu_is_made_deterministic_where_it_is_asked_for_and_a_cpu_is_left_alone(monkeypatch) -> None:
    from gan_losses.training import Placement

    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    asked: list[bool] = []
    monkeypatch.setattr(torch, "use_deterministic_algorithms", asked.append)
    Placement(torch.device("cpu"), deterministic=True).set_determinism()
    assert asked == []
    Placement(torch.device("cuda"), deterministic=True).set_determinism()
    Placement(torch.device("cuda")).set_determinism()
    assert asked == [True, False]
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
