"""MNIST, Fashion-MNIST, CIFAR-10, SVHN, STL-10 and CelebA by name, read by torchvision's own readers.

Their files lie below the root as torchvision lays them out, so that its root is a root here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gan_losses.data.base import Request
from gan_losses.data.cache import Material, fingerprint
from gan_losses.data.celeba import draft_celeba, files_of_celeba
from gan_losses.data.digest import PIECE
from gan_losses.data.draft import SPLITS, Draft, Pieces, Pixels
from gan_losses.data.fetch import human_size
from gan_losses.data.halves import Rows, chosen, halves, of_classes, titled
from gan_losses.data.official import obtain
from gan_losses.data.published import PUBLISHED
from gan_losses.data.reading import MOST_BYTES, check_files, prepare, reading
from gan_losses.data.squares import squares
from gan_losses.errors import UsageError, unknown_name

Finder = Callable[[Request], Material]
DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class Table:
    """Images as a set's files have them.

    Attributes:
        images: uint8 (N, C, H, W).
        labels: int64 (N,), or None.
    """

    images: Pixels
    labels: Rows | None = None


def _idx(reader: str) -> Callable[[Path], dict[str, Table]]:
    def read(root: Path) -> dict[str, Table]:
        prepare()
        from torchvision.datasets.mnist import read_image_file, read_label_file

        def table(part: str) -> Table:
            images, labels = (root / reader / "raw" / f"{part}-{kind}-ubyte" for kind in ("images-idx3", "labels-idx1"))
            return Table(read_image_file(images).unsqueeze(1).numpy(), read_label_file(labels).numpy())

        return {"train": table("train"), "test": table("t10k")}

    return read


def _cifar10(root: Path) -> dict[str, Table]:
    prepare()
    from torchvision.datasets import CIFAR10

    parts = {"train": CIFAR10(root, train=True), "test": CIFAR10(root, train=False)}
    return {
        part: Table(read.data.transpose(0, 3, 1, 2), np.array(read.targets, np.int64)) for part, read in parts.items()
    }


def _svhn(root: Path) -> dict[str, Table]:
    prepare()
    from torchvision.datasets import SVHN

    parts = {part: SVHN(root, part) for part in ("train", "test")}
    return {part: Table(read.data, read.labels) for part, read in parts.items()}


def _stl10(root: Path) -> dict[str, Table]:
    prepare()
    from torchvision.datasets import STL10

    names = root / STL10.base_folder / STL10.class_names_file  # not needed, but read where it is
    check_files([names] if names.exists() else [])
    parts = (("train", "unlabeled"), ("validation", "train"), ("test", "test"))
    return {part: Table(STL10(root, name).data) for part, name in parts}


@dataclass(frozen=True)
class Arrays:
    """A set whose files hold all images as arrays.

    Attributes:
        read: root -> "train" and "test", and "validation" where the set has one, else the test images are halved.
        summary: one line for `--list`.
        classes: their names in the order of the labels, or ().
    """

    read: Callable[[Path], Mapping[str, Table]]
    summary: str
    classes: tuple[str, ...] = ()


CLOTHES = "T-shirt/top,Trouser,Pullover,Dress,Coat,Sandal,Shirt,Sneaker,Bag,Ankle boot"
THINGS = "airplane,automobile,bird,cat,deer,dog,frog,horse,ship,truck"
ARRAYS: dict[str, Arrays] = {
    "mnist": Arrays(_idx("MNIST"), "60,000 and 10,000 handwritten digits in grey of 28 px", DIGITS),
    "fashion-mnist": Arrays(
        _idx("FashionMNIST"), "60,000 and 10,000 pieces of clothing in grey of 28 px", tuple(CLOTHES.split(","))
    ),
    "cifar10": Arrays(_cifar10, "50,000 and 10,000 photographs of 32 px in ten classes", tuple(THINGS.split(","))),
    "svhn": Arrays(_svhn, "73,257 and 26,032 house numbers of 32 px", DIGITS),
    "stl10": Arrays(_stl10, "100,000 unlabelled photographs of 96 px to train on, 5,000 and 8,000 others"),
}


def find_arrays(name: str) -> Finder:
    """Finds the files of one of `ARRAYS`: domain `image`, uint8 (N, C, size, size), with labels where it has classes.

    Training images are the official ones, all of them; the official test images are halved by `halves` into validation
    and test, unless the set has its own (STL-10's labelled training images are for validation here). Images of another
    size than the one wanted are resized by `squares`.

    Args:
        name: one of `ARRAYS`.

    Raises:
        UsageError: on an unknown name; and the finder: on an unknown class, or if the set is not there and must not or
            cannot be downloaded.

    Example:
        >>> find_arrays("cifar11")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        gan_losses.errors.UsageError: unknown data set 'cifar11': did you mean 'cifar10'? Known: ...
    """
    if name not in ARRAYS:
        raise unknown_name("data set", name, ARRAYS)
    known = ARRAYS[name]

    def find(request: Request) -> Material:
        kept = chosen(name, request.classes, known.classes)
        obtain(PUBLISHED[name], request)
        title = titled(name, request.classes, kept)
        files = ((path, request.root / path) for path in PUBLISHED[name].needed)
        return Material(title, fingerprint(files, MOST_BYTES), lambda scratch: _draft(name, title, kept, request))

    return find


def find_celeba(request: Request) -> Material:
    """The faces of CelebA in its official partition: the square in the middle (178 px), resized.

    Raises:
        UsageError: if classes are asked for, which it has none of, or if files are missing.
    """
    chosen("celeba", request.classes, ())
    obtain(PUBLISHED["celeba"], request)
    return Material("celeba", fingerprint(files_of_celeba(request.root)), lambda scratch: draft_celeba(request))


def sources() -> dict[str, tuple[Finder, str, bool]]:
    """Name -> finder, one line about it, and whether it has classes, for every set.

    Example:
        >>> sources()["cifar10"][1:]
        ('50,000 and 10,000 photographs of 32 px in ten classes (170 MB download)', True)
    """
    found: dict[str, tuple[Finder, str, bool]] = {
        name: (
            find_arrays(name),
            f"{known.summary} ({human_size(PUBLISHED[name].size)} download)",
            bool(known.classes),
        )
        for name, known in ARRAYS.items()
    }
    return found | {"celeba": (find_celeba, "202,599 faces of 178 x 218 px (its files have to be put there)", False)}


def _draft(name: str, title: str, kept: tuple[str, ...], request: Request) -> Draft:
    known = ARRAYS[name]
    with reading(name, request.root):
        check_files(request.root / path for path in PUBLISHED[name].needed)
        tables = known.read(request.root)
        _check(tables, len(known.classes))
        parts = _official_parts(tables)
    images: dict[str, dict[str, Pieces]] = {}
    labels: dict[str, Rows] = {}
    for part, (table, rows) in parts.items():
        if table.labels is not None and known.classes:
            rows, labels[part] = of_classes(table.labels, rows, known.classes, kept)
        if not len(rows):
            raise UsageError(f"{title} has no images for {part}: choose other classes.")
        size = request.train_size if part == "train" else request.image_size
        images[part] = {"image": _pieces(table.images, rows, size)}
    return Draft(title, images, labels, kept)


def _check(tables: Mapping[str, Table], classes: int) -> None:
    """What torchvision's readers do not look at.

    Raises:
        ValueError: labels that do not belong to the images.
    """
    for part, table in tables.items():
        if table.labels is not None and len(table.labels) != len(table.images):
            raise ValueError(f"{len(table.images)} images and {len(table.labels)} labels for {part}")
        if table.labels is not None and not ((table.labels >= 0) & (table.labels < classes)).all():
            raise ValueError(f"labels for {part} that none of the {classes} classes has")


def _official_parts(tables: Mapping[str, Table]) -> dict[str, tuple[Table, Rows]]:
    """The table and the rows of each part, in the order of `SPLITS`."""
    everything = {part: (table, np.arange(len(table.images))) for part, table in tables.items()}
    if "validation" in tables:
        return {part: everything[part] for part in SPLITS}
    validation, test = halves(tables["test"].images)
    return {
        "train": everything["train"],
        "validation": (tables["test"], validation),
        "test": (tables["test"], test),
    }


def _pieces(images: Pixels, rows: Rows, size: int) -> Pieces:
    def pieces() -> Iterator[Pixels]:
        for first in range(0, len(rows), PIECE):
            yield squares(images[rows[first : first + PIECE]], size)

    return pieces
