"""One step of ours in float32 is the textbook's in float64: losses, and the gradients that the optimisers are given.

Adam hides gradients, and its first update turns the rounding of a zero into a whole step; so gradients are caught before
the optimisers, which are plain gradient descent here. The textbook's losses are over ours by declared factors: `factor` of
those with a criterion for a formula (both networks), and `SHARE` of CycleGAN's discriminators. CycleGAN's textbook updates
generators first and ours discriminators: at a rate of 0 the order does not matter, and both begin within the clipping bound.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from benchmarks import textbook, textbook_cyclegan
from benchmarks.plain_losses import PLAIN_LOSSES, PlainLoss, plain_loss
from benchmarks.plain_networks import as_published
from benchmarks.step_cases import step_case
from benchmarks.step_worker import build
from benchmarks.textbook_cyclegan import SHARE
from gan_losses import training as training_module
from gan_losses.random import keyed_generator
from gan_losses.training import Training

SIZES = {
    "dcgan": {"image_size": 16, "channels": 1, "width": 4, "latents": 8},
    "cyclegan": {"image_size": 16, "channels": 3, "width": 4, "blocks": 1, "layers": 1, "discriminator_width": 4},
}
RATES = {"dcgan": 0.05, "cyclegan": 0.0}
SPELLED = ("bce+r1", "lsgan+gp:5", "hinge+gp0", "minimax+lp", "kl+r2:0.5", "ragan+dragan+r1")
Slopes = dict[str, Tensor]
Found = tuple[dict[str, float], Slopes, Slopes]  # losses, the generators' gradients, the discriminators'


@pytest.fixture(autouse=True)
def _plain_descent(monkeypatch) -> None:
    def descent(parameters, recipe, *_) -> torch.optim.Optimizer:
        return torch.optim.SGD(parameters, lr=recipe.learning_rate)

    monkeypatch.setitem(training_module.OPTIMIZERS, "adam", descent)
    for module in (textbook, textbook_cyclegan):
        monkeypatch.setattr(
            module, "default_optimizer", lambda _, parameters, rate, __: torch.optim.SGD(parameters, rate)
        )


def ours(task: str, loss: str, **more) -> Training:
    case = step_case(task, loss, {**SIZES[task], "n_critic": 1, **more}, 4).as_json()
    training = build({**case, "settings": {**case["settings"], "learning_rate": RATES[task]}})
    if training.loss.clip is not None and task == "cyclegan":
        with torch.no_grad():
            for weight in training.discriminator_weights:
                weight.clamp_(-training.loss.clip, training.loss.clip)
    return training


def copies(training: Training, dtype: torch.dtype) -> dict[str, nn.Module]:
    """Networks as the textbook has them, by our names."""
    return {name: as_published(network).to(dtype) for name, network in training.task.networks().items()}


def draws(domain: str) -> Callable[..., Tensor]:
    """The random numbers of our penalty in the first step."""
    random = keyed_generator(0, f"penalty/{domain}", 0, 0)
    return lambda shape, dtype, device: torch.rand(shape, generator=random).to(device, dtype)


def caught(networks: dict[str, nn.Module], kind: str, optimizer: torch.optim.Optimizer) -> Slopes:
    """Filled with the gradients of all networks of that kind when the optimiser steps."""
    slopes: Slopes = {}

    def catch(*_) -> None:
        for name, network in networks.items():
            if name.startswith(kind):
                for part, parameter in network.named_parameters():
                    slopes[f"{name}.{part}"] = parameter.grad.double().contiguous().clone()

    optimizer.register_step_pre_hook(catch)
    return slopes


def over(values: dict, factor: float) -> dict:
    return {name: value / factor for name, value in values.items()}


def plain_dcgan(training: Training, loss: PlainLoss, dtype: torch.dtype) -> Found:
    nets = copies(training, dtype)
    gan = textbook.TextbookGAN(
        nets["generator_image"], nets["discriminator_image"], RATES["dcgan"] / loss.factor, (), draw=draws("image")
    )
    batch = training.task.complete(training.batches(0, 0), keyed_generator(0, "latents", 0, 0))
    of_generator = caught(nets, "generator", gan.generator_optimizer)
    of_discriminator = caught(nets, "discriminator", gan.discriminator_optimizer)
    losses = gan.step(batch["image"].to(dtype), batch["latents"].to(dtype), loss)
    return over(losses, loss.factor), over(of_generator, loss.factor), over(of_discriminator, loss.factor)


def plain_cyclegan(training: Training, loss: PlainLoss, dtype: torch.dtype) -> Found:
    nets = copies(training, dtype)
    task = training.task
    gan = textbook_cyclegan.TextbookCycleGAN(
        {"a->b": nets["generator_b"], "b->a": nets["generator_a"]},
        {"a": nets["discriminator_a"], "b": nets["discriminator_b"]},
        RATES["cyclegan"],
        cycle=task.cycle_weight * loss.factor,
        identity=task.identity_weight / task.cycle_weight,
    )
    gan.draws = {domain: draws(domain) for domain in "ab"}
    batch = training.batches(0, 0)
    of_generator = caught(nets, "generator", gan.generator_optimizer)
    of_discriminator = caught(nets, "discriminator", gan.discriminator_optimizer)
    losses = gan.step(batch["a"].to(dtype), batch["b"].to(dtype), loss)
    halved = {name: value for name, value in losses.items() if name.startswith("discriminator")}
    losses = over(losses, loss.factor) | over(halved, loss.factor * SHARE)
    return losses, over(of_generator, loss.factor), over(of_discriminator, loss.factor * SHARE)


PLAIN_STEPS = {"dcgan": (plain_dcgan, textbook.LABELLED), "cyclegan": (plain_cyclegan, textbook_cyclegan.LABELLED)}
# The textbook's name of a sum of ours.
TERMS = {
    "dcgan": {"discriminator": ("discriminator_image", "penalty_image"), "generator": ("adversarial_image",)},
    "cyclegan": {
        **{f"discriminator {domain}": (f"discriminator_{domain}", f"penalty_{domain}") for domain in "ab"},
        **{"generator a->b": ("adversarial_b",), "generator b->a": ("adversarial_a",)},
        **{f"{term} {domain}": (f"{term}_{domain}",) for term in ("cycle", "identity") for domain in "ab"},
    },
}


def own_step(training: Training, task: str) -> Found:
    networks = training.task.networks()
    of_generator = caught(networks, "generator", training.generator_optimizer)
    of_discriminator = caught(networks, "discriminator", training.discriminator_optimizer)
    terms = training.step(0)
    losses = {name: sum(float(terms[term]) for term in those if term in terms) for name, those in TERMS[task].items()}
    return losses, of_generator, of_discriminator


def error(found: Slopes, exact: Slopes) -> float:
    """The size of the difference over that of what is right, all parameters together."""
    assert found.keys() == exact.keys()
    size, difference = (
        torch.stack([one.square().sum() for one in these]).sum().sqrt()
        for these in (exact.values(), [found[name] - exact[name] for name in exact])
    )
    assert size > 0
    return float(difference / size)


CASES = [
    *((task, name, {}) for task in PLAIN_STEPS for name in (*PLAIN_LOSSES, *SPELLED)),
    *(("dcgan", name, {"discriminator_norm": "batch"}) for name in ("bce", "lsgan", "wgan", "ragan")),
    *(("cyclegan", name, {"identity_weight": 0.0}) for name in ("bce", "lsgan", "wgangp")),
]


@pytest.mark.parametrize(("task", "name", "more"), CASES, ids=["-".join([t, n, *m]) for t, n, m in CASES])
def test_a_step_is_the_textbooks_in_float64(task: str, name: str, more: dict) -> None:
    plain, labelled = PLAIN_STEPS[task]
    loss, training = plain_loss(name, labelled), ours(task, name, **more)
    exact_losses, *exact = plain(training, loss, torch.float64)
    for losses, *slopes in (plain(training, loss, torch.float32), own_step(training, task)):
        assert losses == pytest.approx({key: exact_losses.get(key, 0) for key in losses}, rel=1e-5, abs=1e-5)
        for found, reference in zip(slopes, exact, strict=True):
            assert error(found, reference) <= 1e-5


def test_a_small_mistake_is_seen() -> None:
    training = ours("dcgan", "bce+gp")
    _, *exact = plain_dcgan(training, plain_loss("bce+gp", textbook.LABELLED), torch.float64)
    _, *wrong = plain_dcgan(training, plain_loss("bce+gp:10.01", textbook.LABELLED), torch.float64)
    for found, reference in zip(wrong, exact, strict=True):
        assert error(found, reference) > 1e-5
