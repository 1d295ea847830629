"""DCGAN: latents to images, one domain, no further terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gan_losses.errors import UsageError
from gan_losses.networks import Discriminator, Generator
from gan_losses.networks.dcgan import LEAK, SIZES
from gan_losses.networks.initialise import build, preserving_gain
from gan_losses.networks.norms import PLAIN
from gan_losses.tasks.base import Batch, Task, setting


@dataclass(frozen=True)
class DCGANSettings:
    """The networks' settings (arXiv:1511.06434; see `gan_losses.networks.dcgan`)."""

    image_size: int = setting(64, "side of the images in pixels", least=16)
    channels: int = 3
    width: int = setting(64, "channels of the networks' outer layers", least=1)
    latents: int = setting(100, "length of the latent vector", least=1)
    generator_norm: str = "batch"
    discriminator_norm: str = "batch"


class DCGAN(Task):
    """One generator from standard normal latents, one discriminator, the domain `image`.

    Args:
        settings: of both networks.
        seed: of the initial weights.

    Example:
        >>> task = DCGAN(DCGANSettings(image_size=16, channels=1, width=8), seed=0)
        >>> batch = task.complete({"image": torch.zeros(4, 1, 16, 16)}, torch.Generator())
        >>> task.fakes(batch)["image"].shape
        torch.Size([4, 1, 16, 16])
    """

    summary = "latents to images: DCGAN's generator and discriminator at 16, 32, 64 or 128 pixels"
    settings = DCGANSettings
    domains = ("image",)
    published_norm = "batch"
    controlled_norm = "group"  # without any norm DCGAN's small weights leave D without a slope for hundreds of steps

    def __init__(self, settings: DCGANSettings, seed: int) -> None:
        shape = (settings.image_size, settings.channels, settings.width)
        generator = partial(Generator, *shape, settings.latents, settings.generator_norm)
        discriminator = partial(Discriminator, *shape, settings.discriminator_norm)
        self.latents = settings.latents
        self.generators = {"image": build(seed, "generator", generator)}
        gain = preserving_gain(LEAK) if settings.discriminator_norm in PLAIN else None
        self.discriminators = {"image": build(seed, "discriminator", discriminator, gain)}

    @classmethod
    def check(cls, settings: Mapping[str, Any]) -> None:
        """The sizes are those that four or more halvings lead to 4 x 4 from."""
        if settings["image_size"] not in SIZES:
            expected = ", ".join(map(str, SIZES))
            raise UsageError(f"--image-size {settings['image_size']}: task dcgan takes one of {expected}.")

    def complete(self, batch: Batch, random: torch.Generator) -> Batch:
        """Adds `latents`, (N, latents) standard normal, one vector per real image."""
        return {**batch, "latents": self.draw(len(batch["image"]), random)}

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """`count` latent vectors on the generator's device."""
        return torch.randn(count, self.latents, generator=random, device=random.device)

    def fakes(self, batch: Batch) -> dict[str, Tensor]:
        """G(z) of the batch's latents."""
        return {"image": self.generators["image"](batch["latents"])}
