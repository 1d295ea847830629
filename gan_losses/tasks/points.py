"""Points of a few dimensions: two MLPs, for studies whose answer is known.

It is no entry of `TASKS`: its data are drawn, not loaded, and what a run measures on images says nothing of points.
Experiments build it and give it to `gan_losses.training.Training` themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gan_losses.errors import UsageError
from gan_losses.networks.initialise import build
from gan_losses.networks.mlp import ACTIVATIONS, MLP, NORMS, scheme_of
from gan_losses.tasks.base import Batch, Task


@dataclass(frozen=True)
class PointsSettings:
    """Both networks: numbers of a point and of a latent vector, and width, inner layers, norm and activation of each."""

    dimensions: int = 2
    latents: int = 2
    width: int = 128
    depth: int = 2
    discriminator_width: int = 128
    discriminator_depth: int = 2
    generator_norm: str = "none"
    discriminator_norm: str = "none"
    activation: str = "relu"
    discriminator_activation: str = "relu"


class Points(Task):
    """One generator from standard normal latents, one discriminator, the domain `point` of shape (N, dimensions).

    Args:
        settings: of both networks.
        seed: of the initial weights.

    Example:
        >>> task = Points(PointsSettings(latents=3, width=8), seed=0)
        >>> batch = task.complete({"point": torch.zeros(4, 2)}, torch.Generator())
        >>> batch["latents"].shape, task.fakes(batch)["point"].shape
        (torch.Size([4, 3]), torch.Size([4, 2]))
    """

    summary = "latents to points of a few dimensions: two MLPs"
    settings = PointsSettings
    domains = ("point",)
    published_norm = "none"
    controlled_norm = "none"
    channels_last = False

    def __init__(self, settings: PointsSettings, seed: int) -> None:
        self.latents = settings.latents
        generator = partial(
            MLP,
            *(settings.latents, settings.width, settings.depth, settings.dimensions),
            *(settings.generator_norm, settings.activation),
        )
        discriminator = partial(
            MLP,
            *(settings.dimensions, settings.discriminator_width, settings.discriminator_depth, 1),
            *(settings.discriminator_norm, settings.discriminator_activation),
        )
        self.generators = {"point": build(seed, "generator", generator, scheme_of(settings.activation))}
        judge_scheme = scheme_of(settings.discriminator_activation)
        self.discriminators = {"point": build(seed, "discriminator", discriminator, judge_scheme)}

    @classmethod
    def check(cls, settings: Mapping[str, Any]) -> None:
        """Norms and activations have to be known.

        Raises:
            UsageError: one is not.
        """
        for known, names in ((NORMS, "norm"), (ACTIVATIONS, "activation")):
            for name, value in settings.items():
                if name.endswith(names) and value not in known:
                    raise UsageError(f"{name} {value}: points take {' or '.join(known)}.")

    def complete(self, batch: Batch, random: torch.Generator) -> Batch:
        """Adds `latents`, (N, latents) standard normal, one vector per real point."""
        return {**batch, "latents": self.draw(len(batch["point"]), random)}

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """`count` latent vectors on the generator's device."""
        return torch.randn(count, self.latents, generator=random, device=random.device)

    def fakes(self, batch: Batch) -> dict[str, Tensor]:
        """G(z) of the batch's latents."""
        return {"point": self.generators["point"](batch["latents"])}
