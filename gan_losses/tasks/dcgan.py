"""DCGAN: latents to images, one domain, no further terms."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gan_losses.errors import UsageError
from gan_losses.networks import NETWORKS, NetworkPair
from gan_losses.networks.initialise import build
from gan_losses.tasks.base import Batch, Norms, Task, setting

DEFAULT = "dcgan"
PAIRS = "; ".join(f"{name}: {pair.summary}" for name, pair in NETWORKS.items())


@dataclass(frozen=True)
class DCGANSettings:
    """The networks' settings (arXiv:1511.06434; see `gan_losses.networks`).

    At width 64 `resnet32` has the paper's 256 channels in its generator and 128 in its discriminator.
    """

    image_size: int = setting(64, "side of the images in pixels", least=16)
    channels: int = 3
    width: int = setting(64, "channels of the networks' outer layers", least=1)
    latents: int = setting(100, "length of the latent vector", least=1)
    generator_norm: str | None = None  # the network's own
    discriminator_norm: str | None = None  # the network's paper's
    network: str = setting(DEFAULT, f"generator and discriminator ({PAIRS})", choices=NETWORKS)


class DCGAN(Task):
    """One generator from standard normal latents, one discriminator, the domain `image`.

    Args:
        settings: of both networks.
        seed: of the initial weights.

    Raises:
        UsageError: the networks cannot be built with these norms.

    Example:
        >>> task = DCGAN(DCGANSettings(image_size=16, channels=1, width=8), seed=0)
        >>> batch = task.complete({"image": torch.zeros(4, 1, 16, 16)}, torch.Generator())
        >>> task.fakes(batch)["image"].shape
        torch.Size([4, 1, 16, 16])
    """

    summary = (
        "latents to images: DCGAN's generator and discriminator at 16, 32, 64 or 128 pixels, or others (--network)"
    )
    settings = DCGANSettings
    domains = ("image",)
    published_norm = NETWORKS[DEFAULT].published_norm
    controlled_norm = NETWORKS[DEFAULT].controlled_norm

    def __init__(self, settings: DCGANSettings, seed: int) -> None:
        pair, shape = NETWORKS[settings.network], (settings.image_size, settings.channels, settings.width)
        norms = settings.generator_norm or pair.generator_norm, settings.discriminator_norm or pair.published_norm
        _check_norms(settings.network, pair, norms)
        self.latents = settings.latents
        generator = partial(pair.generator, *shape, settings.latents, norms[0])
        discriminator = partial(pair.discriminator, *shape, norms[1])
        self.generators = {"image": build(seed, "generator", generator, pair.generator_scheme)}
        self.discriminators = {
            "image": build(seed, "discriminator", discriminator, pair.discriminator_scheme(norms[1]))
        }

    @classmethod
    def check(cls, settings: Mapping[str, Any]) -> None:
        """The networks are for certain sizes."""
        network, size = settings.get("network", DEFAULT), settings["image_size"]
        sizes = NETWORKS[network].sizes
        if size not in sizes:
            expected = ("one of " if len(sizes) > 1 else "") + ", ".join(map(str, sizes))
            raise UsageError(f"--image-size {size}: task dcgan takes {expected} with --network {network}.")

    @classmethod
    def settled(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The generator's norm is the network's own unless one is asked for."""
        own = NETWORKS[settings.get("network", DEFAULT)].generator_norm
        return {**settings, "generator_norm": settings.get("generator_norm") or own}

    @classmethod
    def norms(cls, settings: Mapping[str, Any]) -> Norms:
        """Those of the networks."""
        pair = NETWORKS[settings.get("network", DEFAULT)]
        return Norms(pair.published_norm, pair.controlled_norm, pair.norms)

    def complete(self, batch: Batch, random: torch.Generator) -> Batch:
        """Adds `latents`, (N, latents) standard normal, one vector per real image."""
        return {**batch, "latents": self.draw(len(batch["image"]), random)}

    def draw(self, count: int, random: torch.Generator) -> Tensor:
        """`count` latent vectors on the generator's device."""
        return torch.randn(count, self.latents, generator=random, device=random.device)

    def fakes(self, batch: Batch) -> dict[str, Tensor]:
        """G(z) of the batch's latents."""
        return {"image": self.generators["image"](batch["latents"])}


def _check_norms(name: str, pair: NetworkPair, norms: tuple[str, str]) -> None:
    for role, norm in zip(("generator", "discriminator"), norms, strict=True):
        if pair.norms is not None and norm not in pair.norms:
            raise UsageError(
                f"--network {name}: its {role} takes the norm {' or '.join(pair.norms)}, not {norm}; take another network."
            )
