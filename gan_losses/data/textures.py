"""Two domains at hand without a download: patches of photographs of grass, gravel and brick from scikit-image."""

import torch
from torch import Tensor

from gan_losses.data.base import DataSet, Request, Split
from gan_losses.data.digest import pixel_digest
from gan_losses.errors import UsageError, unknown_name
from gan_losses.random import keyed_generator

TEXTURES = ("grass", "gravel", "brick")
HALF = 256  # pixels: half of a photograph's side
# Part -> first row, last row + 1, first column, last column + 1: no pixel belongs to two parts.
REGIONS = {
    "train": (0, 2 * HALF, 0, HALF),
    "validation": (0, HALF, HALF, 2 * HALF),
    "test": (HALF, 2 * HALF, HALF, 2 * HALF),
}
COUNTS = {"train": 400, "validation": 100, "test": 100}


def load_textures(request: Request) -> DataSet:
    """Patches of two photographs in grey, domains `a` and `b`: uint8 (N, 1, size, size), 1:1 as photographed.

    Training patches lie in the left half of the photograph of 512 x 512 pixels, validation patches in the upper right
    quarter and test patches in the lower right one, 400, 100 and 100 of each domain. Their positions are random and the
    same whatever the seed; patches of one part overlap.

    Args:
        request: its argument names two of `TEXTURES`, "grass,gravel"; both sizes are 256 pixels at most.

    Raises:
        UsageError: on other names, a size that does not fit, or if scikit-image is not installed.

    Example:
        >>> data = load_textures(Request("grass,gravel", image_size=64, train_size=72))
        >>> data.train.images["a"].shape, data.test.images["b"].shape
        (torch.Size([400, 1, 72, 72]), torch.Size([100, 1, 64, 64]))
    """
    names = dict(zip("ab", _two_names(request.argument), strict=True))
    sizes = {"train": request.train_size, "validation": request.image_size, "test": request.image_size}
    largest = max(sizes.values())
    if largest > HALF:
        raise UsageError(f"textures have patches of {HALF} pixels at most, and {largest} came: ask for a smaller size.")
    photographs = {domain: photograph(name) for domain, name in names.items()}
    splits = [
        Split({domain: cut(photographs[domain], name, part, sizes[part]) for domain, name in names.items()})
        for part in REGIONS
    ]
    train, validation, test = splits
    return DataSet(f"textures:{request.argument}", train, validation, test, digest=pixel_digest(splits))


def photograph(name: str) -> Tensor:
    """One of the `TEXTURES` as uint8 (512, 512).

    Raises:
        UsageError: if scikit-image is not installed.
    """
    try:
        from skimage import data  # here, because scikit-image need not be installed
    except ImportError:
        remedy = "pip install 'gan-losses[textures]' (from a checkout: pip install -e '.[textures]')"
        raise UsageError(
            f"data 'textures' are photographs of scikit-image, which is not installed: {remedy}."
        ) from None
    return torch.from_numpy(getattr(data, name)())


def cut(image: Tensor, name: str, part: str, size: int) -> Tensor:
    """The patches of one part: (N, 1, size, size), at positions that hang on `name`, `part` and `size` alone.

    Example:
        >>> image = torch.arange(512).expand(512, 512)  # each pixel holds its column
        >>> patches = cut(image, "grass", "test", 250)
        >>> patches.shape, bool((patches >= 256).all())
        (torch.Size([100, 1, 250, 250]), True)
    """
    top, bottom, left, right = REGIONS[part]
    generator = keyed_generator(0, f"textures/{name}/{part}")
    rows = torch.randint(top, bottom - size + 1, (COUNTS[part],), generator=generator).tolist()
    columns = torch.randint(left, right - size + 1, (COUNTS[part],), generator=generator).tolist()
    patches = [image[row : row + size, column : column + size] for row, column in zip(rows, columns, strict=True)]
    return torch.stack(patches).unsqueeze(1)


def _two_names(argument: str) -> tuple[str, str]:
    names = argument.split(",")
    if len(names) != 2 or names[0] == names[1]:
        expected = f"two different ones of {', '.join(TEXTURES)}"
        raise UsageError(f"textures need {expected}, and {argument!r} came: write textures:grass,gravel.")
    for name in names:
        if name not in TEXTURES:
            raise unknown_name("texture", name, TEXTURES)
    return names[0], names[1]
