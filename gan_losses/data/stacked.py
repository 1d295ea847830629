"""Three handwritten digits as the channels of one picture: 1,000 modes, and as many pictures as are wanted."""

import torch
from torch import Tensor

from gan_losses.data.base import DataSet, Request, Split
from gan_losses.data.digest import pixel_digest
from gan_losses.data.digits import load_digits
from gan_losses.errors import UsageError
from gan_losses.random import keyed_generator

MODES = 1000
DEFAULT_SIZE, MOST = 10_000, 200_000
VALIDATION, TEST = 1000, 2600
PARTS = ("train", "validation", "test")


def load_stacked(request: Request) -> DataSet:
    """Stacks of three digits drawn with replacement, red, green and blue: `stacked-digits:SIZE` has SIZE to train on.

    The Stacked MNIST protocol with the digits at hand: a stack of the training set is made of training digits alone, and
    so on, so that no digit of a test stack was seen in training. Its mode is the number of three figures that it
    shows, and all 1,000 are about equally likely. Larger training sets begin with the smaller ones.

    Source: Metz et al. 2016, arXiv:1611.02163, and Lin et al. 2017, arXiv:1712.04086 (PacGAN), with MNIST.

    Args:
        request: its argument is the number of training stacks.

    Raises:
        UsageError: a size that is no whole number from 2 to 200,000.

    Example:
        >>> data = load_stacked(Request("2000", image_size=16, train_size=16))
        >>> data.train.images["image"].shape, len(data.test)
        (torch.Size([2000, 3, 16, 16]), 2600)
    """
    wanted = dict(zip(PARTS, (_size(request.argument), VALIDATION, TEST), strict=True))
    digits = load_digits(Request("", request.image_size, request.train_size))
    train, validation, test = parts = [
        Split({"image": stack(getattr(digits, part), count, part)[0]}) for part, count in wanted.items()
    ]
    name = f"stacked-digits:{wanted['train']}"
    return DataSet(name, train, validation, test, features="stacked-digits", digest=pixel_digest(parts))


def stack(digits: Split, count: int, stream: str) -> tuple[Tensor, Tensor]:
    """The first `count` stacks of a stream.

    Args:
        digits: what they are drawn from, with labels.
        count: of stacks.
        stream: names the random numbers.

    Returns:
        uint8 (count, 3, H, W), and the mode of each, int64 (count,): 100 · red + 10 · green + blue.

    Example:
        >>> four = Split({"image": torch.zeros(2, 1, 4, 4, dtype=torch.uint8)}, torch.tensor([4, 4]))
        >>> pictures, modes = stack(four, 2, "here")
        >>> pictures.shape, modes.tolist()
        (torch.Size([2, 3, 4, 4]), [444, 444])
    """
    assert digits.labels is not None
    random = keyed_generator(0, f"stacked-digits/{stream}")
    rows = torch.randint(len(digits), (count, 3), generator=random)
    figures = digits.labels[rows]
    return digits.images["image"][:, 0][rows], figures @ torch.tensor([100, 10, 1])


def _size(argument: str) -> int:
    if not (argument.isascii() and argument.isdigit() and 2 <= int(argument[:9]) <= MOST):
        raise UsageError(
            f"data 'stacked-digits' has from 2 to {MOST:,} stacks to train on, and {argument!r} came: "
            "try stacked-digits:10000."
        )
    return int(argument)
