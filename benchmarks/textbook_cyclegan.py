"""The plain CycleGAN step, the yardstick that ours is timed against: our own words, the habits of the public code.

As in arXiv:1703.10593 and the habits of junyanz/pytorch-CycleGAN-and-pix2pix: one call of a generator for every fake, round
trip and identity, discriminators frozen in the generators' phase, generators first, then each discriminator with real and
pooled fake images in separate calls and a backward of its own, labels expanded to tensors, default Adam, contiguous
tensors, `.item()` of all eight losses at every step. Losses that the public code has not are their papers' formulas, with
penalties by double backward and a loop that clips. Networks, batch and number of updates are given, so a ratio measures the
step alone.
"""

import itertools
import random
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.plain_losses import PLAIN_LOSSES, Labelled, PlainLoss, plain_loss
from benchmarks.textbook import default_optimizer

Step = Callable[[Tensor, Tensor], dict[str, float]]

POOL_SIZE = 50
SHARE = 0.5  # of the discriminators' losses, penalties too: they learn at half the speed, or would but for Adam

LABELLED = {
    "bce": Labelled(lambda logits: logits, nn.BCEWithLogitsLoss()),
    "lsgan": Labelled(lambda logits: logits, nn.MSELoss(), factor=2.0),
}


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
    """Two generators, two discriminators, two default optimisers, and a plain step for every loss.

    A step gives its eight losses as they enter the sums, cycle and identity times their weights.

    Args:
        generators: "a->b" and "b->a", images to images.
        discriminators: "a" and "b", images to logits (N, 1, h, w).
        learning_rate: of all.
        betas: of all.
        optimizer: "adam" or "rmsprop".
        n_critic: updates of the discriminators per step, on the same images; all but the first see fakes made anew.
        cycle: the weight of a round trip's mean absolute error, λ.
        identity: the weight, relative to `cycle`, of the mean absolute error of an image that already is of the domain.
        pool: fake images that each discriminator's pool keeps.

    Attributes:
        draws: domain -> random numbers of penalties, in the form of `torch.rand`.
    """

    def __init__(
        self,
        generators: dict[str, nn.Module],
        discriminators: dict[str, nn.Module],
        learning_rate: float = 2e-4,
        betas: tuple[float, float] = (0.5, 0.999),
        optimizer: str = "adam",
        n_critic: int = 1,
        cycle: float = 10.0,
        identity: float = 0.5,
        pool: int = POOL_SIZE,
    ) -> None:
        self.a_to_b, self.b_to_a = generators["a->b"], generators["b->a"]
        self.judge_a, self.judge_b = discriminators["a"], discriminators["b"]
        self.n_critic, self.cycle, self.identity = n_critic, cycle, identity
        self.pool_a, self.pool_b = TextbookPool(pool), TextbookPool(pool)
        self.absolute = nn.L1Loss()
        self.draws: dict[str, Callable[..., Tensor]] = {"a": torch.rand, "b": torch.rand}
        both = itertools.chain(self.a_to_b.parameters(), self.b_to_a.parameters())
        self.generator_optimizer = default_optimizer(optimizer, both, learning_rate, betas)
        both = itertools.chain(self.judge_a.parameters(), self.judge_b.parameters())
        self.discriminator_optimizer = default_optimizer(optimizer, both, learning_rate, betas)

    def step(self, a: Tensor, b: Tensor, loss: PlainLoss) -> dict[str, float]:
        """One update of the generators, then `n_critic` of the discriminators, whose losses are those of the last."""
        fake_b = self.a_to_b(a)
        round_trip_a = self.b_to_a(fake_b)
        fake_a = self.b_to_a(b)
        round_trip_b = self.a_to_b(fake_a)

        _freeze((self.judge_a, self.judge_b), True)
        self.generator_optimizer.zero_grad()
        errors = {
            "generator a->b": loss.generator(self.judge_b, b, fake_b),
            "generator b->a": loss.generator(self.judge_a, a, fake_a),
            "cycle a": self.cycle * self.absolute(round_trip_a, a),
            "cycle b": self.cycle * self.absolute(round_trip_b, b),
        }
        if self.identity > 0:
            errors["identity b"] = self.cycle * self.identity * self.absolute(self.a_to_b(b), b)
            errors["identity a"] = self.cycle * self.identity * self.absolute(self.b_to_a(a), a)
        torch.stack(list(errors.values())).sum().backward()
        self.generator_optimizer.step()

        _freeze((self.judge_a, self.judge_b), False)
        for update in range(self.n_critic):
            if update:
                fake_a, fake_b = self.b_to_a(b), self.a_to_b(a)
            errors |= self._discriminators({"a": a, "b": b}, {"a": fake_a, "b": fake_b}, loss)
        return {name: error.item() for name, error in errors.items()}

    def _discriminators(self, real: dict[str, Tensor], fake: dict[str, Tensor], loss: PlainLoss) -> dict[str, Tensor]:
        self.discriminator_optimizer.zero_grad()
        errors = {}
        for name, judge, pool in (("a", self.judge_a, self.pool_a), ("b", self.judge_b, self.pool_b)):
            error = SHARE * loss.discriminator(judge, real[name], pool.query(fake[name]), self.draws[name])
            error.backward()
            errors[f"discriminator {name}"] = error
        self.discriminator_optimizer.step()
        for judge in (self.judge_a, self.judge_b):
            loss.clip_weights(judge)
        return errors


def steps(gan: TextbookCycleGAN) -> dict[str, Step]:
    """The whole step of each registered loss by name: (images of a, images of b) -> losses."""
    return {name: partial(gan.step, loss=plain_loss(name, LABELLED)) for name in PLAIN_LOSSES}


def _freeze(networks: tuple[nn.Module, ...], frozen: bool) -> None:
    for network in networks:
        for parameter in network.parameters():
            parameter.requires_grad = not frozen
