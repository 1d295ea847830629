"""A generator that stands still and a discriminator that learns on: which losses leave the generator without a gradient."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.experiments.base import Check, Experiment, Json, Result
from benchmarks.experiments.workplace import Workplace
from gan_losses.data import Batches
from gan_losses.data.base import Request
from gan_losses.data.digits import load_digits
from gan_losses.losses import GANLoss, Recipe, discriminator_loss, generator_loss, get_loss
from gan_losses.networks.initialise import build, preserving
from gan_losses.networks.mlp import MLP
from gan_losses.penalties import Update
from gan_losses.random import keyed_generator
from gan_losses.training import OPTIMIZERS

SIDE, LATENTS, BATCH, FIXED = 8, 64, 64, 512
RECIPE = Recipe()  # Adam 2e-4, betas 0.5 and 0.999, for both networks
TRAINED_WITH = "bce"
LOSSES = ("minimax", "bce", "wgangp", "lsgan", "hinge", "rpgan")
SURE = 1e-3  # a fake whose σ(f) is below is one that D is sure about
SCHEME = preserving(
    3**-0.5
)  # torch's own variance of a linear layer, with which a fresh D is undecided about every image
IDENTITY_STEP = 10  # while all three gradients are of one size
SETTLED = 100  # steps after which a critic's slope is no more that of its initial weights


@dataclass(frozen=True)
class Settings:
    """What is trained, and for how long.

    Attributes:
        epochs: that the generator was trained before it was frozen.
        steps: updates of each fresh discriminator.
        looks: how often the generator's gradient is looked at, at logarithmic distances.
        hidden: width of the hidden layers of both networks.
        seeds: of weights, latents and batches.
        losses: each with a discriminator of its own.
        strict: whether the bands are required; not where training is too short to reach them.
    """

    epochs: tuple[int, ...] = (1, 10, 25)
    steps: int = 4000
    looks: int = 25
    hidden: int = 256
    seeds: tuple[int, ...] = (0, 1, 2)
    losses: tuple[str, ...] = LOSSES
    strict: bool = True


class Scene:
    """Digits of 8 × 8 pixels as rows in [-1, 1], a generator trained with `TRAINED_WITH`, and 512 latents that stay.

    Args:
        seed: of everything.
        epochs: the generator's.
        hidden: width of the networks.
    """

    def __init__(self, seed: int, epochs: int, hidden: int) -> None:
        self.seed, self.hidden = seed, hidden
        data = load_digits(Request("", SIDE, SIDE))
        self._batches, self._fixed = Batches(data.train, BATCH, seed), Batches(data.train, FIXED, seed)
        self.generator = build(
            seed, "generator", lambda: nn.Sequential(MLP(LATENTS, hidden, 2, SIDE**2), nn.Tanh()), SCHEME
        )
        self.latents = torch.randn(FIXED, LATENTS, generator=keyed_generator(seed, "fixed"))
        self.real = self._fixed(0)["image"].flatten(1)
        self._train(epochs * (len(data.train) // BATCH))

    def discriminator(self, stream: str) -> nn.Module:
        """A fresh one."""
        return build(self.seed, stream, lambda: MLP(SIDE**2, self.hidden, 2, 1), SCHEME)

    def update(self, discriminator: nn.Module, step: int, stream: str) -> Update:
        """A batch of real and fake images."""
        real, random = self._batches(step)["image"].flatten(1), keyed_generator(self.seed, "penalty", step)
        with torch.no_grad():
            fake = self.generator(self._latents(stream, step))
        return Update(discriminator, real, fake, random, step)

    def _latents(self, stream: str, step: int) -> Tensor:
        return torch.randn(BATCH, LATENTS, generator=keyed_generator(self.seed, f"latents/{stream}", step))

    def _train(self, steps: int) -> None:
        loss, discriminator = get_loss(TRAINED_WITH), self.discriminator("first discriminator")
        of_g, of_d = (_adam(network) for network in (self.generator, discriminator))
        for step in range(steps):
            _descend(of_d, discriminator_loss(loss, self.update(discriminator, step, "first")))
            _descend(of_g, loss.generator(discriminator(self.generator(self._latents("first", step)))))

    def gradients(self, loss: GANLoss, discriminator: nn.Module) -> Tensor:
        """The generator's gradient, flat, on each 64 of the fixed latents: (8, weights)."""
        rows = []
        for latents, real in zip(self.latents.split(BATCH), self.real.split(BATCH), strict=True):
            value = generator_loss(loss, discriminator(self.generator(latents)), discriminator(real).detach())
            gradient = torch.autograd.grad(value, list(self.generator.parameters()))
            rows.append(torch.cat([part.flatten() for part in gradient]).double())
        return torch.stack(rows)


def _adam(network: nn.Module) -> torch.optim.Optimizer:
    return OPTIMIZERS[RECIPE.optimizer](network.parameters(), RECIPE, RECIPE.learning_rate)


def _descend(optimizer: torch.optim.Optimizer, value: Tensor) -> None:
    optimizer.zero_grad()
    value.backward()
    optimizer.step()


def freeze_and_watch(loss: str, seed: int, epochs: int, steps: int, looks: int, hidden: int) -> Json:
    """Train a fresh discriminator with the loss against a frozen generator, and look at the generator's gradient.

    Args:
        loss: the text of the loss.
        seed: of everything.
        epochs: that the generator was trained.
        steps: as all that follows in `Settings`.
        looks: how many.
        hidden: width of the hidden layers.

    Returns:
        By name a list with one number per look: `step`; `norm`, of the gradient over all 512 latents; `variance`, the sum
        over weights of its variance over batches of 64; `accuracy` of D; `sure`, the share of fakes with σ(f) < 1e-3;
        and one number, `identity` (see `identity_error`).
    """
    chosen, scene = get_loss(loss), Scene(seed, epochs, hidden)
    discriminator = scene.discriminator("discriminator")
    optimizer, wanted = _adam(discriminator), look_steps(steps, looks)
    found: list[Json] = []
    error = 0.0
    for step in range(steps + 1):
        if step in wanted:
            found.append({"step": step, **_look(scene, chosen, discriminator)})
        if step == min(IDENTITY_STEP, steps):
            error = identity_error(scene, discriminator)
        _descend(optimizer, discriminator_loss(chosen, scene.update(discriminator, step, "second")))
    return {name: [each[name] for each in found] for name in found[0]} | {"identity": error}


def look_steps(steps: int, looks: int) -> list[int]:
    """0, and then whole numbers up to `steps` at logarithmic distances.

    Example:
        >>> look_steps(100, 4)
        [0, 1, 10, 100]
    """
    return [0, *np.unique(np.geomspace(1, steps, looks - 1).round().astype(int)).tolist()]


def _look(scene: Scene, loss: GANLoss, discriminator: nn.Module) -> Json:
    gradients = scene.gradients(loss, discriminator)
    with torch.no_grad():
        real, fake = discriminator(scene.real), discriminator(scene.generator(scene.latents))
    return {
        "norm": gradients.mean(0).norm().item(),
        "variance": gradients.var(0).sum().item(),
        "accuracy": accuracy(loss, real, fake),
        "sure": (torch.sigmoid(fake) < SURE).double().mean().item(),
    }


def accuracy(loss: GANLoss, real: Tensor, fake: Tensor) -> float:
    """Share of images on their side of the loss's boundary; of the middle between both means where it has none.

    Example:
        >>> accuracy(get_loss("bce"), torch.tensor([[1.0], [2.0]]), torch.tensor([[-1.0], [3.0]]))
        0.75
    """
    middle = (real.mean() + fake.mean()).item() / 2 if loss.boundary is None else loss.boundary
    return ((real > middle).double().mean() + (fake < middle).double().mean()).item() / 2


def identity_error(scene: Scene, discriminator: nn.Module) -> float:
    """‖∇wgan - ∇minimax - ∇bce‖ over ‖∇wgan‖, of the generator's gradients by one discriminator: 0, for -f = sp(-f) - sp(f)."""
    wasserstein, saturating, other = (
        scene.gradients(get_loss(name), discriminator).mean(0) for name in ("wgan", "minimax", "bce")
    )
    return float((wasserstein - saturating - other).norm() / wasserstein.norm())


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Every loss with every generator."""
    common: Json = {name: getattr(settings, name) for name in ("steps", "looks", "hidden")}
    cases = [
        {"loss": loss, "seed": seed, "epochs": epochs}
        for loss in settings.losses
        for epochs in settings.epochs
        for seed in settings.seeds
    ]
    found = workplace.map(freeze_and_watch, [{**case, **common} for case in cases])
    rows = [{**case, **summary(each)} for case, each in zip(cases, found, strict=True)]
    shown = [
        {**case, **{name: each[name] for name in ("step", "norm", "variance", "accuracy")}}
        for case, each in zip(cases, found, strict=True)
    ]
    return Result(rows, list(_checks(rows, settings)), {"curves": shown})


def summary(found: Mapping[str, Any]) -> Json:
    """What a table says of curves: the ends against the first look.

    Returns:
        `start` and `end`, norms; `decades lost`, log₁₀ of start over end; `largest over start`, the largest norm over the first;
        `spread`, the largest over the smallest from step `SETTLED` on; `variance grows`, the last variance over the first;
        `accuracy`, `sure` and `identity` at the end.
    """
    norms, start = found["norm"], found["norm"][0]
    late = [norm for step, norm in zip(found["step"], norms, strict=True) if step >= SETTLED] or norms[-1:]
    return {
        "start": start,
        "end": norms[-1],
        "decades lost": float(np.log10(start / norms[-1])) if norms[-1] > 0 else float("inf"),
        "largest over start": max(norms) / start,
        "spread": max(late) / min(late) if min(late) > 0 else float("inf"),
        "variance grows": found["variance"][-1] / found["variance"][0],
        "accuracy": found["accuracy"][-1],
        "sure": found["sure"][-1],
        "identity": found["identity"],
    }


DECADES = "best case 5 decades after 4,000 iterations, arXiv:1701.04862 figure 2"
GROWS = "grows, and its variance faster, arXiv:1701.04862 figure 3"
STAYS = "neither, derived: a loss of slope 1 on a critic of slope 1"
# Loss, column of the table, and what it has to be.
BANDS: tuple[tuple[str, str, str, float | None, float | None, bool], ...] = (
    ("minimax", "decades lost", DECADES, 3.0, None, True),
    ("minimax", "accuracy", "optimal, arXiv:1701.04862", 0.99, None, True),
    ("bce", "largest over start", GROWS, 20.0, None, True),
    ("bce", "variance grows", GROWS, 1e3, None, True),
    ("wgangp", "spread", STAYS, None, 10.0, True),
    ("wgangp", "largest over start", STAYS, None, None, False),
    ("lsgan", "decades lost", "not published", None, None, False),
    ("hinge", "decades lost", "not published", None, None, False),
    ("rpgan", "decades lost", "not published", None, None, False),
)


def _checks(rows: Sequence[Json], settings: Settings) -> Iterator[Check]:
    for loss, column, published, low, high, required in BANDS:
        values = [row[column] for row in rows if row["loss"] == loss]
        if values:
            note = f"median of {len(values)} generators, {min(values):.3g} to {max(values):.3g}"
            median = float(np.median(values))
            yield Check(f"{loss}: {column}", published, median, low, high, required and settings.strict, note)
    worst = max(row["identity"] for row in rows)
    yield Check("grad(wgan) - grad(minimax) - grad(bce), relative", "0, derived", worst, high=1e-5)


EXPERIMENT = Experiment(
    name="frozen-generator",
    summary="What gradient is left to a generator while its discriminator becomes optimal?",
    source="arXiv:1701.04862, figures 2 and 3",
    reading="Top the norm of the generator's gradient, below its variance over batches, both log scale, while a fresh "
    "discriminator learns; a column is a generator that was trained for so many epochs and then frozen. Bands are the range "
    "over seeds.",
    cost="short 5 s, full 5 min",
    scales={
        "short": Settings(
            epochs=(1,), steps=300, looks=6, seeds=(0,), losses=("minimax", "bce", "wgangp"), strict=False
        ),
        "full": Settings(),
    },
    measure=measure,
)
