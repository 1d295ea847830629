"""Parts of published sets: official test images in two halves, and the images of a few classes."""

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from gan_losses.errors import UsageError, unknown_name

Rows = NDArray[np.int64]


def halves(images: Iterable[NDArray[np.uint8]]) -> tuple[Rows, Rows]:
    """Row numbers for validation and test, by the rank of a hash over each image's pixels, in that order.

    The lower half of the hashes is test. The order of the images does not matter, and equal images stay together, so
    that nobody is tested on an image that the weights were chosen on.

    Example:
        >>> images = np.arange(6, dtype=np.uint8).reshape(6, 1, 1, 1)
        >>> [rows.tolist() for rows in halves(images)]
        [[2, 4, 5], [3, 1, 0]]
    """
    digests = [hashlib.sha256(image.tobytes()).hexdigest() for image in images]
    different = sorted(set(digests))
    test = set(different[: len(different) // 2])
    order = sorted(range(len(digests)), key=lambda row: digests[row])
    parts: tuple[list[int], list[int]] = ([], [])
    for row in order:
        parts[digests[row] in test].append(row)
    return np.array(parts[0], np.int64), np.array(parts[1], np.int64)


def chosen(name: str, wanted: Sequence[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """The wanted classes in the set's own order; all of them if none is named.

    Raises:
        UsageError: an unknown class.

    Example:
        >>> chosen("cifar10", ["dog", "cat"], ("bird", "cat", "dog"))
        ('cat', 'dog')
    """
    for each in wanted:
        if not known:
            raise UsageError(f"data {name!r} has no classes to choose from: leave {each!r} out.")
        if each not in known:
            raise unknown_name(f"class of {name}", each, known)
    return tuple(each for each in known if each in wanted) if wanted else known


def titled(name: str, wanted: Sequence[str], kept: Sequence[str]) -> str:
    """The set's name, with the classes if they were chosen.

    Example:
        >>> titled("cifar10", ["dog", "cat"], ("cat", "dog"))
        'cifar10[cat,dog]'
    """
    return f"{name}[{','.join(kept)}]" if wanted else name


def of_classes(labels: Rows, rows: Rows, known: tuple[str, ...], kept: Sequence[str]) -> tuple[Rows, Rows]:
    """Those of `rows` whose class is kept, and their new labels 0 … len(kept) - 1.

    Example:
        >>> rows, labels = of_classes(np.array([2, 0, 1]), np.array([2, 0, 1]), ("a", "b", "c"), ["b", "c"])
        >>> rows.tolist(), labels.tolist()
        ([2, 0], [0, 1])
    """
    renumbered = np.full(len(known), -1, np.int64)
    renumbered[[known.index(each) for each in kept]] = np.arange(len(kept))
    found = renumbered[labels[rows]]
    return rows[found >= 0], found[found >= 0]
