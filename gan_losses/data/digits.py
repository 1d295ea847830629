"""The real data at hand everywhere: 1,797 handwritten digits of 8 x 8 pixels that ship with scikit-learn."""

import torch
from torch import Tensor
from torch.nn import functional as F

from gan_losses.data.base import DataSet, Request, Split
from gan_losses.data.digest import pixel_digest
from gan_losses.data.halves import chosen, of_classes, titled
from gan_losses.random import keyed_generator

CLASSES = tuple("0123456789")
TRAIN, VALIDATION, TEST = 1000, 397, 400


def load_digits(request: Request) -> DataSet:
    """The digits as grey images (N, 1, size, size) of uint8, with labels 0 … 9.

    The split is fixed: 1,000 to train on, 397 for validation and 400 to test, each with the classes in the proportion
    of the whole, and the same whatever the seed and the versions of numpy and scikit-learn.

    Source: the test set of E. Alpaydin and C. Kaynak's Optical Recognition of Handwritten Digits (UCI, 1998), values
    0 … 16, here 0 … 255.

    Args:
        request: the sides in pixels; 8 gives the digits as they are, more enlarges them bilinearly. Its classes are
            kept.

    Raises:
        UsageError: on an unknown class.

    Example:
        >>> load_digits(Request("", image_size=32, train_size=36)).train.images["image"].shape
        torch.Size([1000, 1, 36, 36])
    """
    from sklearn.datasets import load_digits as read_digits  # here, because it takes a second

    raw = read_digits()
    images, labels = torch.from_numpy(raw.images), torch.from_numpy(raw.target).long()
    sizes = (request.train_size, request.image_size, request.image_size)
    kept = chosen("digits", request.classes, CLASSES)
    parts = []
    for size, everything in zip(sizes, stratify(labels, [TRAIN, VALIDATION, TEST]), strict=True):
        rows, numbers = map(torch.from_numpy, of_classes(labels.numpy(), everything.numpy(), CLASSES, kept))
        parts.append(Split({"image": enlarge(images[rows], size)}, numbers))
    train, validation, test = parts
    digest = pixel_digest(parts)
    name = titled("digits", request.classes, kept)
    return DataSet(name, train, validation, test, classes=kept, features="digits", digest=digest)


def enlarge(images: Tensor, image_size: int) -> Tensor:
    """(N, 8, 8) of values 0 … 16 to (N, 1, image_size, image_size) of uint8, bilinearly (align_corners=False)."""
    # In float64 every weight and product is exact for powers of two, so the rounding is the same on every machine.
    size = (image_size, image_size)
    values = F.interpolate(images.double().unsqueeze(1), size=size, mode="bilinear", align_corners=False)
    return values.mul(255 / 16).round().to(torch.uint8)


def stratify(labels: Tensor, totals: list[int]) -> list[Tensor]:
    """Row numbers, ascending, of parts that have exactly `totals` members and every class in proportion.

    Args:
        labels: int64 (N,), classes 0 … K - 1.
        totals: the parts' sizes; they add up to N.

    Example:
        >>> [rows.tolist() for rows in stratify(torch.tensor([0, 0, 1, 1]), [2, 2])]
        [[0, 3], [1, 2]]
    """
    members = [torch.nonzero(labels == label).flatten() for label in range(int(labels.max()) + 1)]
    orders = [
        rows[torch.randperm(len(rows), generator=keyed_generator(0, "split/digits", label))]
        for label, rows in enumerate(members)
    ]
    parts: list[Tensor] = []
    for total in reversed(totals):  # the last parts are drawn first; the first one gets what is left, exactly its total
        shares = apportion([len(order) for order in orders], total)
        parts.append(torch.cat([order[:share] for order, share in zip(orders, shares, strict=True)]).sort().values)
        orders = [order[share:] for order, share in zip(orders, shares, strict=True)]
    return parts[::-1]


def apportion(counts: list[int], total: int) -> list[int]:
    """`total` seats in proportion to `counts` by largest remainders; on a tie the earlier class is served first.

    Example:
        >>> apportion([5, 3, 2], 5)
        [3, 1, 1]
    """
    everyone = sum(counts)
    shares = [count * total // everyone for count in counts]
    by_remainder = sorted(range(len(counts)), key=lambda index: -(counts[index] * total % everyone))
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares
