"""CycleGAN: translation between two unpaired domains, held together by round trips."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from gan_losses.errors import UsageError
from gan_losses.networks.cyclegan import LEAK, PatchDiscriminator, ResNetGenerator
from gan_losses.networks.initialise import build, preserving, preserving_gain, small_normal
from gan_losses.networks.norms import PLAIN
from gan_losses.tasks.base import Batch, Task, setting
from gan_losses.tasks.pool import ImagePool

PixelLoss = Callable[[Tensor, Tensor], Tensor]
# Means over all elements of images in [-1, 1]. Huber's is quadratic below 0.1 and linear with slope 1 beyond.
PIXEL_LOSSES: dict[str, PixelLoss] = {
    "l1": F.l1_loss,
    "l2": F.mse_loss,
    "huber": partial(F.smooth_l1_loss, beta=0.1),
}
STRIDE = 4  # of the generator
MOST_BLOCKS = 9


@dataclass(frozen=True)
class CycleGANSettings:
    """The networks and the terms beside the adversarial ones (arXiv:1703.10593)."""

    image_size: int = setting(256, "side of the images in pixels", least=16)
    width: int = setting(64, "channels of the networks' outer layers", least=1)
    blocks: int = setting(9, f"residual blocks of a generator, 1 to {MOST_BLOCKS}", least=1)
    layers: int = setting(3, "halvings in a PatchGAN: 3 sees 70 pixels, 2 sees 34, 1 sees 16", least=1)
    discriminator_width: int = setting(64, "channels of the discriminators' first layer", least=1)
    cycle_weight: float = setting(10.0, "weight of the cycle terms", least=0)
    identity_weight: float = setting(0.5, "identity terms' weight as a share of the cycle weight, 0: none", least=0)
    pixel: str = setting("l1", "distance of the cycle and identity terms", choices=PIXEL_LOSSES)
    pool: int = setting(50, "earlier fakes that the discriminators are shown, 0: none", least=0)
    channels: int = 3
    generator_norm: str = "instance"
    discriminator_norm: str = "instance"


class CycleGAN(Task):
    """Two generators, a to b and b to a, and a PatchGAN discriminator in each domain.

    The generators' objective has six terms (Zhu et al. 2017, arXiv:1703.10593), with λ the cycle weight, ι the identity
    weight and d the mean pixel loss::

        adversarial_a, adversarial_b     of the fakes of each domain, by any loss of the suite
        cycle_a = λ d(G_a(G_b(a)), a)    cycle_b = λ d(G_b(G_a(b)), b)
        identity_a = λ ι d(G_a(a), a)    identity_b = λ ι d(G_b(b), b)

    The identity terms are left out where ι is 0. The discriminators see each fake or, with the pool, in its place one of the
    last 50 (see `ImagePool`).

    `lsgan` here has the ½ of its own paper (arXiv:1611.04076) in the generator's term, CycleGAN's code has not: a cycle
    weight of 5 here balances the terms as 10 does there.

    Args:
        settings: of the networks and terms.
        seed: of the initial weights.

    Example:
        >>> settings = CycleGANSettings(image_size=16, width=4, blocks=1, layers=1, discriminator_width=4)
        >>> task, images = CycleGAN(settings, seed=0), torch.zeros(2, 3, 16, 16)
        >>> batch = task.complete({"a": images, "b": images}, torch.Generator())
        >>> list(task.auxiliary(batch, task.fakes(batch)))
        ['cycle_a', 'cycle_b', 'identity_a', 'identity_b']
    """

    summary = "unpaired images of two domains into each other: CycleGAN's residual generators and PatchGANs"
    settings = CycleGANSettings
    domains = ("a", "b")
    sources = {"a": "b", "b": "a"}  # noqa: RUF012, never changed
    published_norm = "instance"
    controlled_norm = "instance"
    channels_last = False  # instance norm would change the layout at every layer
    trains_alone = True

    def __init__(self, settings: CycleGANSettings, seed: int) -> None:
        shape = (settings.channels, settings.width, settings.blocks, settings.generator_norm)
        judge = (settings.channels, settings.discriminator_width, settings.layers, settings.discriminator_norm)
        plain = settings.discriminator_norm in PLAIN
        scheme = preserving(preserving_gain(LEAK)) if plain else small_normal
        self.generators = {
            domain: build(seed, f"generator/{domain}", partial(ResNetGenerator, *shape)) for domain in self.domains
        }
        self.discriminators = {
            domain: build(seed, f"discriminator/{domain}", partial(PatchDiscriminator, *judge), scheme)
            for domain in self.domains
        }
        self.pixel = PIXEL_LOSSES[settings.pixel]
        self.cycle_weight = settings.cycle_weight
        self.identity_weight = settings.cycle_weight * settings.identity_weight
        self.pools = {domain: ImagePool(settings.pool) for domain in self.domains}

    @classmethod
    def check(cls, settings: Mapping[str, Any]) -> None:
        """Generators halve the size twice; a PatchGAN needs something left to judge."""
        size, layers, blocks = settings["image_size"], settings["layers"], settings["blocks"]
        if size % STRIDE:
            lower = size // STRIDE * STRIDE
            hint = f"{lower} or {lower + STRIDE}"
            raise UsageError(
                f"--image-size {size}: task cyclegan halves it twice, so it takes multiples of 4, as {hint}."
            )
        if size // 2**layers < 3:
            raise UsageError(
                f"--layers {layers}: a PatchGAN of {layers} halvings leaves no logit of {size} pixels; take fewer."
            )
        if blocks > MOST_BLOCKS:
            raise UsageError(f"--blocks {blocks}: expected 1 to {MOST_BLOCKS}.")

    def complete(self, batch: Batch, random: torch.Generator) -> Batch:
        """As it is: nothing is drawn."""
        return batch

    def fakes(self, batch: Batch) -> dict[str, Tensor]:
        """G_a(b) and G_b(a); in training also G_a(a) and G_b(b), in the same call, under `identity_a`, `identity_b`."""
        made: dict[str, Tensor] = {}
        for target, source in self.sources.items():
            if source not in batch:
                continue
            generator, images = self.generators[target], batch[source]
            if self.identity_weight and torch.is_grad_enabled():
                # One call of twice the batch: exact, as instance norm knows no other image.
                both = generator(torch.cat([images, batch[target]]))
                made[target], made[f"identity_{target}"] = both[: len(images)], both[len(images) :]
            else:
                made[target] = generator(images)
        return made

    def history(self, fakes: dict[str, Tensor], random: torch.Generator) -> dict[str, Tensor]:
        """The fakes, or earlier ones out of the pool."""
        return {domain: self.pools[domain](images, random) for domain, images in fakes.items()}

    def auxiliary(self, batch: Batch, fakes: dict[str, Tensor]) -> dict[str, Tensor]:
        """The cycle terms, and the identity terms if they have a weight."""
        terms = {}
        for domain, other in self.sources.items():
            trip = self.generators[domain](fakes[other])
            terms[f"cycle_{domain}"] = self.cycle_weight * self.pixel(trip.float(), batch[domain])
        for domain in self.domains:
            if f"identity_{domain}" in fakes:
                same = fakes[f"identity_{domain}"].float()
                terms[f"identity_{domain}"] = self.identity_weight * self.pixel(same, batch[domain])
        return terms

    def state(self) -> dict[str, Tensor]:
        """The pools' images."""
        return {domain: pool.images for domain, pool in self.pools.items() if pool.images is not None}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Fill the pools."""
        for domain, images in state.items():
            self.pools[domain].images = images.clone()
