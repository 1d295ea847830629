"""Weight clipping against the gradient penalty: how a deep critic's gradient changes from layer to layer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.experiments.base import Check, Experiment, Json, Result
from benchmarks.experiments.workplace import Workplace
from gan_losses.losses import GANLoss, adversarial_loss, discriminator_loss, get_loss
from gan_losses.networks.initialise import build
from gan_losses.networks.mlp import MLP, scheme_of
from gan_losses.penalties import Update
from gan_losses.random import keyed_generator
from gan_losses.training import OPTIMIZERS

# What stands in the figure -> the loss, the band of the slope, and the words of what is published.
CRITICS: dict[str, tuple[str, float | None, float | None, str]] = {
    "clip 0.1": ("wgan:0.1", None, -0.15, "explodes towards the input"),
    "clip 0.01": ("wgan:0.01", 0.5, None, "vanishes towards the input"),
    "clip 0.001": ("wgan:0.001", 1.0, None, "vanishes towards the input, steeper"),
    "penalty": ("wgangp:0.1", -0.1, 0.1, "flat"),
}
SWISS_ROLL_SCALE = 7.5  # so that its coordinates have about the variance 1
ROLL_NOISE = 0.25
TINY = float(torch.finfo(torch.float32).tiny)


@dataclass(frozen=True)
class Settings:
    """How the critics are trained.

    Attributes:
        steps: updates of the critic.
        width: of its hidden layers.
        layers: linear layers of the critic.
        batch_size: points of either kind per update.
        seeds: of weights and points.
        strict: whether the bands are required; not where training is too short to reach them.
    """

    steps: int = 600
    width: int = 128
    layers: int = 12
    batch_size: int = 256
    seeds: tuple[int, ...] = (0, 1, 2)
    strict: bool = True


def swiss_roll(count: int, random: torch.Generator) -> Tensor:
    """Points (count, 2) of the rolled line (t cos t, t sin t)/7.5, t ~ U[1.5 π, 4.5 π), noise 0.25/7.5.

    Source: the toy of arXiv:1704.00028, which is scikit-learn's roll without its height.

    Example:
        >>> swiss_roll(1000, torch.Generator().manual_seed(0)).norm(dim=1).max().item() < 4.5 * math.pi / 7.5 + 0.2
        True
    """
    angles = 1.5 * math.pi * (1 + 2 * torch.rand(count, generator=random))
    line = angles[:, None] * torch.stack([angles.cos(), angles.sin()], 1)
    return (line + ROLL_NOISE * torch.randn(count, 2, generator=random)) / SWISS_ROLL_SCALE


def points(settings: Json, step: int) -> tuple[Tensor, Tensor]:
    """Real points of a step, and fake ones: others of them moved by N(0, 1), the fixed generator of the paper's toys."""
    random = keyed_generator(settings["seed"], "points", step)
    real, moved = (swiss_roll(settings["batch_size"], random) for _ in range(2))
    return real, moved + torch.randn(moved.shape, generator=random)


def layer_gradients(text: str, seed: int, steps: int, width: int, layers: int, batch_size: int) -> Json:
    """Train a critic; the norm of its loss's gradient with respect to the input of every linear layer.

    Args:
        text: of the loss.
        seed: of weights and points.
        steps: as all that follows in `Settings`.
        width: of the hidden layers.
        layers: linear ones.
        batch_size: points of either kind.

    Returns:
        `norms`, from the points themselves to the last layer's input, and `underflows`, how many of them are below what
        float32 holds in full precision.
    """
    loss = get_loss(text)
    critic = build(seed, "discriminator", lambda: MLP(2, width, layers - 1, 1), scheme_of("relu"))
    optimizer = OPTIMIZERS[loss.published.optimizer](critic.parameters(), loss.published, loss.published.learning_rate)
    drawn = {"seed": seed, "batch_size": batch_size}
    for step in range(steps):
        update = Update(critic, *points(drawn, step), keyed_generator(seed, "penalty", step))
        discriminator_loss(loss, update).backward()
        optimizer.step()
        optimizer.zero_grad()
        _clip(critic, loss)
    norms = _input_gradients(critic, loss, drawn, steps)
    return {"norms": norms, "underflows": sum(norm < TINY for norm in norms)}


@torch.no_grad()
def _clip(critic: nn.Module, loss: GANLoss) -> None:
    if loss.clip is not None:
        for weight in critic.parameters():
            weight.clamp_(-loss.clip, loss.clip)


def _input_gradients(critic: nn.Module, loss: GANLoss, drawn: Json, step: int) -> list[float]:
    """Of the adversarial term: the real batch's gradients and the fake one's, layer by layer, as one vector each."""
    inputs: list[Tensor] = []
    layers = [layer for layer in critic.modules() if isinstance(layer, nn.Linear)]
    hooks = [layer.register_forward_pre_hook(lambda layer, given: inputs.append(given[0])) for layer in layers]
    update = Update(lambda images: critic(images.requires_grad_()), *points(drawn, step), torch.Generator())
    gradients = torch.autograd.grad(adversarial_loss(loss, update), inputs)
    for hook in hooks:
        hook.remove()
    of_real, of_fake = gradients[: len(layers)], gradients[len(layers) :]
    return [torch.cat(pair).double().norm().item() for pair in zip(of_real, of_fake, strict=True)]


def slope(norms: Sequence[float]) -> float | None:
    """Decades per layer of a least-squares line through the norms that are not 0; None where fewer than two are left.

    Example:
        >>> slope([1e-4, 1e-3, 1e-2])
        1.0
    """
    kept = [(place, math.log10(norm)) for place, norm in enumerate(norms) if norm > 0]
    if len(kept) < 2:
        return None
    places, logarithms = np.array(kept).T
    return round(float(np.polyfit(places, logarithms, 1)[0]), 6)


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Every critic with every seed."""
    common: Json = {name: getattr(settings, name) for name in ("steps", "width", "layers", "batch_size")}
    cases = [(name, seed) for name in CRITICS for seed in settings.seeds]
    found = workplace.map(layer_gradients, [{"text": CRITICS[name][0], "seed": seed, **common} for name, seed in cases])
    rows = [
        {"critic": name, "seed": seed, "slope": slope(each["norms"]), "underflows": each["underflows"]}
        | {f"layer {place}": norm for place, norm in enumerate(each["norms"], 1)}
        for (name, seed), each in zip(cases, found, strict=True)
    ]
    shown = {
        name: [each["norms"] for (of, _), each in zip(cases, found, strict=True) if of == name] for name in CRITICS
    }
    return Result(rows, [_check(name, rows, settings.strict) for name in CRITICS], {"norms": shown})


def _check(name: str, rows: Sequence[Mapping[str, Any]], required: bool) -> Check:
    _, low, high, words = CRITICS[name]
    own = [row for row in rows if row["critic"] == name]
    slopes = [row["slope"] for row in own if row["slope"] is not None]
    ours = float(np.median(slopes)) if slopes else None
    lost = sum(row["underflows"] for row in own)
    note = f"{min(slopes):.3f} to {max(slopes):.3f} over {len(slopes)} seeds" if slopes else "every norm is 0"
    note += f"; {lost} norms underflow float32" if lost else ""
    return Check(f"{name}: decades per layer", f"{words}, arXiv:1704.00028 figure 1b", ours, low, high, required, note)


EXPERIMENT = Experiment(
    name="critic-layers",
    summary="What do weight clipping and the gradient penalty do to a deep critic's gradient, layer by layer?",
    source="arXiv:1704.00028, figure 1b",
    reading="The norm of the critic loss's gradient with respect to each layer's input, log scale; a thin line is a seed. A "
    "line that falls to the left is a gradient that has vanished before it reaches the images, one that rises has exploded.",
    cost="short 3 s, full 1 min",
    scales={"short": Settings(steps=20, width=64, batch_size=64, seeds=(0,), strict=False), "full": Settings()},
    measure=measure,
)
