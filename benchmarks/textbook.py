"""The plain step of the tutorials, the yardstick that ours is timed against: our own words, their habits.

DCGAN as in PyTorch's tutorial (pytorch/examples, dcgan; arXiv:1511.06434): sigmoid and BCELoss for cross-entropy, contiguous
tensors, default Adam, the discriminator left unfrozen in the generator's phase, `.item()` of every loss at every step,
backward twice for the discriminator. WGAN-GP as in arXiv:1704.00028 and its public ports: penalty by double backward.
Networks, batch and number of updates are given, so a ratio measures the step alone.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Step = Callable[[Tensor, Tensor], dict[str, float]]


class TextbookGAN:
    """Two networks, two default Adams, and one plain step per loss.

    Args:
        generator: latents to images.
        discriminator: images to logits (N, 1).
        learning_rate: of both.
        betas: of both.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, learning_rate: float, betas: tuple[float, float]
    ) -> None:
        self.generator, self.discriminator = generator, discriminator
        self.generator_optimizer = torch.optim.Adam(generator.parameters(), lr=learning_rate, betas=betas)
        self.discriminator_optimizer = torch.optim.Adam(discriminator.parameters(), lr=learning_rate, betas=betas)

    def bce(self, real: Tensor, latents: Tensor) -> dict[str, float]:
        """Sigmoid, then BCELoss against labels."""
        return self._labelled(real, latents, lambda logits: torch.sigmoid(logits), nn.BCELoss())

    def lsgan(self, real: Tensor, latents: Tensor) -> dict[str, float]:
        """Mean squared error of logits against labels."""
        return self._labelled(real, latents, lambda logits: logits, nn.MSELoss())

    def _labelled(
        self, real: Tensor, latents: Tensor, activation: Callable[[Tensor], Tensor], criterion: nn.Module
    ) -> dict[str, float]:
        ones, zeros = torch.ones(len(real), 1), torch.zeros(len(real), 1)
        self.discriminator.zero_grad()
        real_error = criterion(activation(self.discriminator(real)), ones)
        real_error.backward()
        fake = self.generator(latents)
        fake_error = criterion(activation(self.discriminator(fake.detach())), zeros)
        fake_error.backward()
        discriminator_error = real_error.item() + fake_error.item()
        self.discriminator_optimizer.step()
        self.generator.zero_grad()
        generator_error = criterion(activation(self.discriminator(fake)), ones)
        generator_error.backward()
        self.generator_optimizer.step()
        return {"discriminator": discriminator_error, "generator": generator_error.item()}

    def wgangp_critic(self, real: Tensor, latents: Tensor) -> dict[str, float]:
        """One critic update with the gradient penalty by double backward."""
        self.discriminator.zero_grad()
        fake = self.generator(latents).detach()
        weight = torch.rand(len(real), 1, 1, 1)
        points = (weight * real + (1 - weight) * fake).requires_grad_(True)
        logits = self.discriminator(points)
        gradient = torch.autograd.grad(logits, points, torch.ones_like(logits), create_graph=True)[0]
        penalty = 10 * ((gradient.view(len(real), -1).norm(2, dim=1) - 1) ** 2).mean()
        error = self.discriminator(fake).mean() - self.discriminator(real).mean() + penalty
        error.backward()
        self.discriminator_optimizer.step()
        return {"discriminator": error.item()}

    def wgangp_generator(self, latents: Tensor) -> dict[str, float]:
        """One generator update."""
        self.generator.zero_grad()
        error = -self.discriminator(self.generator(latents)).mean()
        error.backward()
        self.generator_optimizer.step()
        return {"generator": error.item()}


def steps(gan: TextbookGAN) -> dict[str, Step]:
    """The whole step of each loss by name: (real, latents) -> losses."""

    def wgangp(real: Tensor, latents: Tensor) -> dict[str, float]:
        for _ in range(5):
            gan.wgangp_critic(real, latents)
        return gan.wgangp_generator(latents)

    return {"bce": gan.bce, "lsgan": gan.lsgan, "wgangp": wgangp}
