"""The plain step of the tutorials, the yardstick that ours is timed against: our own words, their habits.

DCGAN as in PyTorch's tutorial (pytorch/examples, dcgan; arXiv:1511.06434): sigmoid and BCELoss for cross-entropy, contiguous
tensors, default Adam, the discriminator left unfrozen in the generator's phase, `.item()` of every loss at every step,
backward twice for the discriminator. Other losses as in their papers and public ports: WGAN-GP (arXiv:1704.00028), WGAN
(arXiv:1701.07875) with RMSprop and a loop that clips, penalties by double backward, one backward of the sum, and where the
discriminator is updated several times, fakes made anew for the generator's phase. Networks, batch and number of updates are
given, so a ratio measures the step alone.
"""

from collections.abc import Callable, Iterable
from functools import partial

import torch
from torch import Tensor, nn

from benchmarks.plain_losses import PLAIN_LOSSES, Labelled, PlainLoss, plain_loss

Step = Callable[[Tensor, Tensor], dict[str, float]]

LABELLED = {
    "bce": Labelled(torch.sigmoid, nn.BCELoss()),
    "lsgan": Labelled(lambda logits: logits, nn.MSELoss(), factor=2.0),
}


def default_optimizer(
    name: str, parameters: Iterable[nn.Parameter], learning_rate: float, betas: tuple[float, float]
) -> torch.optim.Optimizer:
    """Adam or RMSprop ("adam", "rmsprop") as torch makes them; betas are Adam's."""
    if name == "rmsprop":
        return torch.optim.RMSprop(parameters, lr=learning_rate)
    return torch.optim.Adam(parameters, lr=learning_rate, betas=betas)


class TextbookGAN:
    """Two networks, two default optimisers, and a plain step for every loss.

    Args:
        generator: latents to images.
        discriminator: images to logits (N, 1).
        learning_rate: of both.
        betas: of both.
        optimizer: "adam" or "rmsprop".
        n_critic: updates of the discriminator per update of the generator, all on the same batch and latents.
        draw: random numbers of penalties, in the form of `torch.rand`.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        learning_rate: float,
        betas: tuple[float, float],
        optimizer: str = "adam",
        n_critic: int = 1,
        draw: Callable[..., Tensor] = torch.rand,
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.n_critic, self.draw = n_critic, draw
        self.generator_optimizer, self.discriminator_optimizer = (
            default_optimizer(optimizer, network.parameters(), learning_rate, betas)
            for network in (generator, discriminator)
        )

    def step(self, real: Tensor, latents: Tensor, loss: PlainLoss) -> dict[str, float]:
        """All updates of one step; the discriminator's loss is that of the last."""
        for _ in range(self.n_critic):
            self.discriminator.zero_grad()
            # The tutorial's backward for each call, unless the sum holds more than criteria.
            apart = loss.labelled is not None and not loss.ingredients.penalties
            update = self._criterion_by_criterion if apart else self._at_once
            fake, discriminator_error = update(real, latents, loss)
            self.discriminator_optimizer.step()
            loss.clip_weights(self.discriminator)
        if self.n_critic > 1:
            fake = self.generator(latents)
        self.generator.zero_grad()
        generator_error = loss.generator(self.discriminator, real, fake)
        generator_error.backward()
        self.generator_optimizer.step()
        return {"discriminator": discriminator_error, "generator": generator_error.item()}

    def _criterion_by_criterion(self, real: Tensor, latents: Tensor, loss: PlainLoss) -> tuple[Tensor, float]:
        assert loss.labelled is not None
        real_error = loss.labelled(self.discriminator(real), 1.0)
        real_error.backward()
        fake = self.generator(latents)
        fake_error = loss.labelled(self.discriminator(fake.detach()), 0.0)
        fake_error.backward()
        return fake, real_error.item() + fake_error.item()

    def _at_once(self, real: Tensor, latents: Tensor, loss: PlainLoss) -> tuple[Tensor, float]:
        fake: Tensor = self.generator(latents)
        error = loss.discriminator(self.discriminator, real, fake.detach(), self.draw)
        error.backward()
        return fake, error.item()


def steps(gan: TextbookGAN) -> dict[str, Step]:
    """The whole step of each registered loss by name: (real, latents) -> losses."""
    return {name: partial(gan.step, loss=plain_loss(name, LABELLED)) for name in PLAIN_LOSSES}
