"""What a generator and a discriminator that belong together say of themselves."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from gan_losses.networks.initialise import Scheme


@dataclass(frozen=True)
class NetworkPair:
    """A generator from latents and a discriminator with one logit per image.

    Attributes:
        summary: one line for `--help`.
        generator: (image_size, channels, width, latents, norm) -> latents (N, latents) to images (N, channels, size, size)
            in (-1, 1).
        discriminator: (image_size, channels, width, norm) -> images to logits (N, 1).
        sizes: of images, in pixels, that they can be built for.
        generator_norm: the generator's norm unless one is asked for.
        published_norm: the discriminator's norm in the pair's paper, for losses that ask for none.
        controlled_norm: the discriminator's norm that all losses share in a controlled comparison; it mixes no samples.
        norms: that both networks can be built with; None for all of `NORMS`.
        generator_scheme: the generator's initial weights.
        discriminator_scheme: norm -> the discriminator's.
    """

    summary: str
    generator: Callable[[int, int, int, int, str], nn.Module]
    discriminator: Callable[[int, int, int, str], nn.Module]
    sizes: tuple[int, ...]
    generator_norm: str
    published_norm: str
    controlled_norm: str
    generator_scheme: Scheme
    discriminator_scheme: Callable[[str], Scheme]
    norms: tuple[str, ...] | None = None
