"""The plain CycleGAN step, the yardstick that ours is timed against: our own words, the habits of the public code.

As in arXiv:1703.10593 and the habits of junyanz/pytorch-CycleGAN-and-pix2pix: one call of a generator for every fake, round
trip and identity, discriminators frozen in the generators' phase, generators first, then each discriminator with real and
pooled fake images in separate calls and a backward of its own, labels expanded to tensors, default Adam, contiguous
tensors, `.item()` of all eight losses at every step. Networks, batch and number of updates are given, so a ratio measures
the step alone.
"""

import copy
import itertools
import random
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor, nn

from gan_losses.networks.norms import InstanceNorm

Module = TypeVar("Module", bound=nn.Module)
Step = Callable[[Tensor, Tensor], dict[str, float]]

POOL_SIZE = 50
PENALTY = 10.0


class TextbookPool:
    """The fake images that a discriminator sees: a list of the last ones, not only the newest.

    Until it is full it keeps and gives what comes; then, for each image, one time in two it gives an image out of the
    list and keeps the new one in its place, and the other time gives the new one.

    Args:
        size: images kept; 0 gives every batch as it is.
    """

    def __init__(self, size: int = POOL_SIZE) -> None:
        self.size = size
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """As many images as came, of the same shape, without history."""
        if self.size == 0:
            return images.detach()
        given = []
        for image in images.detach():
            one = image.unsqueeze(0)
            if len(self.images) < self.size:
                self.images.append(one)
                given.append(one)
            elif random.uniform(0, 1) > 0.5:
                place = random.randint(0, self.size - 1)
                given.append(self.images[place].clone())
                self.images[place] = one
            else:
                given.append(one)
        return torch.cat(given, 0)


class TextbookCycleGAN:
    """Two generators, two discriminators, two default Adams, and one plain step per loss.

    A step gives its eight losses as they enter the sums, cycle and identity times their weights.

    Args:
        generators: "a->b" and "b->a", images to images.
        discriminators: "a" and "b", images to logits (N, 1, h, w).
        learning_rate: of all.
        betas: of all.
        cycle: the weight of a round trip's mean absolute error, λ.
        identity: the weight, relative to `cycle`, of the mean absolute error of an image that already is of the domain.
        pool: fake images that each discriminator's pool keeps.
    """

    def __init__(
        self,
        generators: dict[str, nn.Module],
        discriminators: dict[str, nn.Module],
        learning_rate: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        cycle: float = 10.0,
        identity: float = 0.5,
        pool: int = POOL_SIZE,
    ) -> None:
        self.a_to_b, self.b_to_a = generators["a->b"], generators["b->a"]
        self.judge_a, self.judge_b = discriminators["a"], discriminators["b"]
        self.cycle, self.identity = cycle, identity
        self.pool_a, self.pool_b = TextbookPool(pool), TextbookPool(pool)
        self.absolute = nn.L1Loss()
        both = itertools.chain(self.a_to_b.parameters(), self.b_to_a.parameters())
        self.generator_optimizer = torch.optim.Adam(both, lr=learning_rate, betas=betas)
        both = itertools.chain(self.judge_a.parameters(), self.judge_b.parameters())
        self.discriminator_optimizer = torch.optim.Adam(both, lr=learning_rate, betas=betas)

    def lsgan(self, a: Tensor, b: Tensor) -> dict[str, float]:
        """Mean squared error of logits against labels."""
        return self._step(a, b, _Labelled(nn.MSELoss()))

    def bce(self, a: Tensor, b: Tensor) -> dict[str, float]:
        """BCEWithLogitsLoss against labels."""
        return self._step(a, b, _Labelled(nn.BCEWithLogitsLoss()))

    def wgangp(self, a: Tensor, b: Tensor) -> dict[str, float]:
        """Mean logits and a gradient penalty by double backward; one update of each critic, as of all discriminators.

        The penalty is halved with the rest, so that its weight relative to the critic's loss is the paper's 10.
        """
        return self._step(a, b, _wasserstein, _penalty)

    def step(self, a: Tensor, b: Tensor, loss: str = "lsgan") -> dict[str, float]:
        """One update of all four networks under the loss of that name in `steps`."""
        return steps(self)[loss](a, b)

    def _step(
        self,
        a: Tensor,
        b: Tensor,
        criterion: Callable[[Tensor, bool], Tensor],
        penalty: Callable[[nn.Module, Tensor, Tensor], Tensor] | None = None,
    ) -> dict[str, float]:
        fake_b = self.a_to_b(a)
        round_trip_a = self.b_to_a(fake_b)
        fake_a = self.b_to_a(b)
        round_trip_b = self.a_to_b(fake_a)

        _freeze((self.judge_a, self.judge_b), True)
        self.generator_optimizer.zero_grad()
        errors = {
            "generator a->b": criterion(self.judge_b(fake_b), True),
            "generator b->a": criterion(self.judge_a(fake_a), True),
            "cycle a": self.cycle * self.absolute(round_trip_a, a),
            "cycle b": self.cycle * self.absolute(round_trip_b, b),
        }
        if self.identity > 0:
            errors["identity b"] = self.cycle * self.identity * self.absolute(self.a_to_b(b), b)
            errors["identity a"] = self.cycle * self.identity * self.absolute(self.b_to_a(a), a)
        torch.stack(list(errors.values())).sum().backward()
        self.generator_optimizer.step()

        _freeze((self.judge_a, self.judge_b), False)
        self.discriminator_optimizer.zero_grad()
        for name, judge, real, fake in (
            ("a", self.judge_a, a, self.pool_a.query(fake_a)),
            ("b", self.judge_b, b, self.pool_b.query(fake_b)),
        ):
            error = criterion(judge(real), True) + criterion(judge(fake), False)
            if penalty is not None:
                error = error + penalty(judge, real, fake)
            error = 0.5 * error
            error.backward()
            errors[f"discriminator {name}"] = error
        self.discriminator_optimizer.step()
        return {name: error.item() for name, error in errors.items()}


def steps(gan: TextbookCycleGAN) -> dict[str, Step]:
    """The whole step of each loss by name: (images of a, images of b) -> losses."""
    return {"lsgan": gan.lsgan, "bce": gan.bce, "wgangp": gan.wgangp}


def as_published(network: Module) -> Module:
    """A contiguous deep copy with `nn.InstanceNorm2d` where ours has `InstanceNorm`, as in the public code.

    Example:
        >>> type(as_published(nn.Sequential(InstanceNorm(2)))[0]).__name__
        'InstanceNorm2d'
    """
    copied = copy.deepcopy(network)
    for name, module in list(copied.named_modules()):
        if isinstance(module, InstanceNorm):
            copied.set_submodule(name, nn.InstanceNorm2d(module.channels).train(module.training))
    return copied.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload, no-any-return]


class _Labelled:
    """A criterion on logits and a label expanded to their shape."""

    def __init__(self, criterion: nn.Module) -> None:
        self.criterion = criterion

    def __call__(self, logits: Tensor, real: bool) -> Tensor:
        label = torch.tensor(1.0 if real else 0.0, dtype=logits.dtype, device=logits.device).expand_as(logits)
        error: Tensor = self.criterion(logits, label)
        return error


def _wasserstein(logits: Tensor, real: bool) -> Tensor:
    return -logits.mean() if real else logits.mean()


def _penalty(judge: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """10 (|slope of an image's mean logit| - 1)², at random points between real and fake (arXiv:1704.00028)."""
    weight = torch.rand(len(real), 1, 1, 1, dtype=real.dtype, device=real.device)
    points = (weight * real + (1 - weight) * fake).requires_grad_(True)
    logits = judge(points).mean((1, 2, 3))
    gradient = torch.autograd.grad(logits, points, torch.ones_like(logits), create_graph=True)[0]
    penalty: Tensor = PENALTY * ((gradient.reshape(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()
    return penalty


def _freeze(networks: tuple[nn.Module, ...], frozen: bool) -> None:
    for network in networks:
        for parameter in network.parameters():
            parameter.requires_grad = not frozen
