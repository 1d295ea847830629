"""Random transformations of all images that a discriminator sees in training, real and fake alike.

They are differentiable, so that the generator is trained through them, and differentiable twice, for penalties on slopes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

Augmentation = Callable[[Tensor, torch.Generator], Tensor]

BRIGHTNESS = (-0.5, 0.5)  # added
SATURATION = (0.0, 2.0)  # factors of a pixel's distance from its gray
CONTRAST = (0.5, 1.5)  # factors of a pixel's distance from the image's mean
SHIFT = 1 / 8  # of the size, at most
CUTOUT = 1 / 2  # of the size


def diffaugment(images: Tensor, random: torch.Generator) -> Tensor:
    """Brightness, saturation, contrast, a shift and a square hole, each drawn per image (Zhao et al. 2020, arXiv:2006.10738).

    In this order: x + b with b ~ U[-½, ½); m + s (x - m) with m the pixel's mean over the channels and s ~ U[0, 2), which
    leaves gray images as they are; m + c (x - m) with m the image's mean and c ~ U[½, 1½); a shift of up to ⅛ of each side,
    with 0 (mid-gray) where nothing came; 0 in a square of half the side whose middle lies anywhere.

    Args:
        images: (N, C, H, W) in [-1, 1], float.
        random: the generator of all draws, on the images' device: 7 numbers for each image in one call.

    Returns:
        (N, C, H, W) in the images' dtype, not clamped.

    Example:
        >>> images = torch.ones(2, 3, 8, 8)
        >>> diffaugment(images, torch.Generator().manual_seed(0)).shape
        torch.Size([2, 3, 8, 8])
    """
    draws = torch.rand(7, len(images), generator=random, device=images.device)
    coloured = recolour(images, *draws[:3].to(images.dtype))
    shifts = [shifts_of(draw, size) for draw, size in zip(draws[3:5], images.shape[2:], strict=True)]
    moved, inside = shift(coloured, *shifts)
    return moved * (inside & ~hole(draws[5], draws[6], images.shape[2:])).to(images.dtype)


def recolour(images: Tensor, brightness: Tensor, saturation: Tensor, contrast: Tensor) -> Tensor:
    """Brightness, saturation and contrast by numbers (N,) of U[0, 1).

    All three together are c s x + c (1 - s) m + (1 - c) M + b, with m the pixel's mean and M the image's.

    Example:
        >>> halves = [torch.full((1,), 0.5)] * 3
        >>> recolour(torch.ones(1, 3, 2, 2), *halves).unique().item()
        1.0
    """
    b, s, c = (
        (low + (high - low) * draw).view(-1, 1, 1, 1)
        for (low, high), draw in zip(
            (BRIGHTNESS, SATURATION, CONTRAST), (brightness, saturation, contrast), strict=True
        )
    )
    gray = images.mean(1, keepdim=True)
    mean = gray.mean((2, 3), keepdim=True)
    return torch.addcmul(c * (1 - s) * gray + ((1 - c) * mean + b), images, c * s)


def shifts_of(draws: Tensor, size: int) -> Tensor:
    """Whole numbers (N,) from -⅛ to ⅛ of the size, uniform, from numbers of U[0, 1)."""
    reach = int(size * SHIFT + 0.5)
    return _whole(draws, 2 * reach + 1) - reach


def shift(images: Tensor, rows: Tensor, columns: Tensor) -> tuple[Tensor, Tensor]:
    """Each image moved down by its own number of rows and right by its own number of columns.

    Returns:
        The moved images (N, C, H, W), and where something came, (N, 1, H, W); elsewhere pixels of the border are repeated.

    Example:
        >>> image = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)
        >>> moved, inside = shift(image, torch.tensor([1]), torch.tensor([0]))
        >>> (moved * inside).flatten().tolist()
        [0.0, 0.0, 1.0, 2.0]
    """
    height, width = images.shape[2:]
    row, column = (
        torch.arange(size, device=images.device) - by[:, None] for size, by in ((height, rows), (width, columns))
    )
    inside = _grid((row >= 0) & (row < height), (column >= 0) & (column < width))
    # No pixel is taken twice but at the border, where it will not count: gradients do not depend on the order of sums.
    place = row.clamp(0, height - 1)[:, :, None] * width + column.clamp(0, width - 1)[:, None, :]
    moved = images.flatten(2).gather(2, place.flatten(1)[:, None].expand(-1, images.shape[1], -1))
    return moved.view(images.shape), inside


def hole(rows: Tensor, columns: Tensor, size: Sequence[int]) -> Tensor:
    """Where a square of half the side lies, (N, 1, H, W), its middle by numbers (N,) of U[0, 1).

    Example:
        >>> half = torch.full((1,), 0.5)
        >>> hole(half, half, (4, 4)).sum().item()
        4
    """
    inside = []
    for draws, length in zip((rows, columns), size, strict=True):
        side = int(length * CUTOUT + 0.5)
        first = _whole(draws, length + 1 - side % 2)[:, None] - side // 2
        place = torch.arange(length, device=draws.device)
        inside.append((place >= first) & (place < first + side))
    return _grid(*inside)


def _whole(draws: Tensor, count: int) -> Tensor:
    return (
        draws * count
    ).long()  # never the count itself: no float below 1 is so near to it that the product rounds up


def _grid(rows: Tensor, columns: Tensor) -> Tensor:
    """(N, 1, H, W): where both a row's and a column's condition holds."""
    return (rows[:, :, None] & columns[:, None, :])[:, None]


AUGMENTATIONS: dict[str, Augmentation | None] = {"none": None, "diffaugment": diffaugment}


class Augmented(nn.Module):
    """A discriminator that transforms its images first where a call brings a generator of random numbers, and only there.

    Its parameters have the discriminator's own names.

    Args:
        network: the discriminator.
        augment: the transformation.

    Example:
        >>> judge = Augmented(nn.Flatten(), lambda images, random: images + 1)
        >>> judge(torch.zeros(1, 1)).item(), judge(torch.zeros(1, 1), random=torch.Generator()).item()
        (0.0, 1.0)
    """

    def __init__(self, network: nn.Module, augment: Augmentation) -> None:
        super().__init__()
        self.network, self.augment = network, augment

    def forward(self, images: Tensor, random: torch.Generator | None = None) -> Tensor:
        """Images (N, C, H, W) to logits (N, …)."""
        seen = images if random is None else self.augment(images, random)
        logits: Tensor = self.network(seen)
        return logits

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, nn.Parameter]]:
        """The discriminator's."""
        return self.network.named_parameters(prefix, recurse, remove_duplicate)


def judges(discriminators: Mapping[str, nn.Module], name: str) -> dict[str, nn.Module]:
    """The discriminators, each behind the augmentation of that name; with "none" as they are."""
    augment = AUGMENTATIONS[name]
    if augment is None:
        return dict(discriminators)
    return {domain: Augmented(network, augment) for domain, network in discriminators.items()}
