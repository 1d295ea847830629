"""How unlike one another fakes are: the sign of a generator that gives the same picture whatever it is given."""

import torch
from torch import Tensor

from gan_losses.saturation import wide

IMAGES = 64  # of each kind that are compared
GREY_LEVEL = 2 / 255  # from one of the 256 grey levels to the next, in [-1, 1]


def spread(images: Tensor) -> Tensor:
    """RMS over channels and pixels of the standard deviation across the images: s = √(mean over pixels of Var(x)).

    Var divides by N - 1, so that sets of unlike sizes can be compared. Nothing here waits for the device.

    Args:
        images: floats (N, C, H, W), in [-1, 1] as the GANs see them.

    Returns:
        One number in the images' units, float64 (float32 on a device without it), on their device: 0 for images that
        are all alike, at most √(N / (N - 1)) in [-1, 1]. NaN for fewer than two images, or if a pixel is not finite.

    Example:
        >>> spread(torch.tensor([-0.5, 0.5]).view(2, 1, 1, 1)).item() ** 2
        0.5000000000000001
    """
    values = wide(images)
    if len(values) < 2:
        return torch.full((), torch.nan, dtype=values.dtype, device=values.device)
    return values.var(0).mean().sqrt()


def spread_ratio(fakes: Tensor, *references: Tensor) -> Tensor:
    """The spread of the first 64 fakes over that of as many real images: 1 is as varied as they are, 0 all alike.

    Pixels know nothing of content: noise has a spread, too, and a generator that gives a few pictures in turn may well
    reach 1. It is a test for the worst only. Averaged over pixels, it needs few images: on digits 8 of them give the
    ratio that 64 give within some 20 %.

    Args:
        fakes: floats (N, C, H, W) in [-1, 1]. Made from latents, or each from another image.
        references: what they are held against, likewise: the real images of the domain, and where fakes are translations
            the images that they were made from. The least varied of them counts, as nobody can ask for translations
            that differ more than their inputs do.

    Returns:
        As `spread`. NaN where there is nothing to compare: fewer than two images of a kind, or references of which one
        is constant (varies by less than a grey level).

    Example:
        >>> real = torch.linspace(-1, 1, 9).view(9, 1, 1, 1)
        >>> round(spread_ratio(real / 4, real).item(), 6)
        0.25
        >>> spread_ratio(real / 4, torch.zeros(9, 1, 1, 1)).item()
        nan
    """
    least = torch.stack([spread(images[:IMAGES]) for images in references]).min()
    return spread(fakes[:IMAGES]) / torch.where(least < GREY_LEVEL, torch.nan, least)
