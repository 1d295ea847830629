"""DCGAN: latents to images, one domain, no further terms."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Self

import torch
from torch import Tensor

from gan_losses.networks import Discriminator, Generator
from gan_losses.networks.dcgan import LEAK
from gan_losses.networks.initialise import build, preserving_gain
from gan_losses.networks.norms import PLAIN
from gan_losses.tasks.base import Batch, Task


@dataclass(frozen=True)
class DCGANSettings:
    """The networks' settings (arXiv:1511.06434; see `gan_losses.networks.dcgan`)."""

    image_size: int = 64
    channels: int = 3
    width: int = 64
    latents: int = 100
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

    def __init__(self, settings: DCGANSettings, seed: int) -> None:
        shape = (settings.image_size, settings.channels, settings.width)
        generator = partial(Generator, *shape, settings.latents, settings.generator_norm)
        discriminator = partial(Discriminator, *shape, settings.discriminator_norm)
        self.latents = settings.latents
        self.generators = {"image": build(seed, "generator", generator)}
        gain = preserving_gain(LEAK) if settings.discriminator_norm in PLAIN else None
        self.discriminators = {"image": build(seed, "discriminator", discriminator, gain)}

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], seed: int) -> Self:
        """The task from a cell's settings; what it does not know is passed over."""
        names = {field.name for field in fields(DCGANSettings)}
        return cls(DCGANSettings(**{name: value for name, value in settings.items() if name in names}), seed)

    def complete(self, batch: Batch, random: torch.Generator) -> Batch:
        """Adds `latents`, (N, latents) standard normal, one vector per real image."""
        return {**batch, "latents": self.draw(len(batch["image"]), random)}

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """`count` latent vectors on the generator's device."""
        return torch.randn(count, self.latents, generator=random, device=random.device)

    def fakes(self, batch: Batch) -> dict[str, Tensor]:
        """G(z) of the batch's latents."""
        return {"image": self.generators["image"](batch["latents"])}
