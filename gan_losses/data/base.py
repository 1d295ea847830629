"""What a data set is to the harness: uint8 images by domain in three splits, and batches addressed by (step, draw)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from gan_losses.data.gather import cropped, picked, placed, resident
from gan_losses.random import keyed_generator

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Split:
    """One part of a data set.

    Attributes:
        images: domain -> uint8 tensor (N, C, H, W); the domains' N may differ (unpaired sets).
        labels: int64 (N,) class of each image, or None where the set has no classes.
        truth: target domain -> uint8 (N, C, H, W), what the other domain's images, in their order, should become there.
            Empty where nobody knows: it is given with the test images of made-up sets alone.
        masks: target domain -> bool (N, 1, H, W), the pixels that such a translation has to change; with `truth` only.
    """

    images: Mapping[str, Tensor]
    labels: Tensor | None = None
    truth: Mapping[str, Tensor] = field(default_factory=dict)
    masks: Mapping[str, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        """The number of images of the smallest domain."""
        return min(len(images) for images in self.images.values())


@dataclass(frozen=True)
class DataSet:
    """A data set in memory or mapped from files, split once and for all.

    Attributes:
        name: as the user named it ("digits", "images:FOLDER"), with the classes chosen of it ("cifar10[cat,dog]").
        train: what the GAN sees; its images may be larger than those of the other splits, to take random crops from.
        validation: what checkpoints are chosen on.
        test: what is reported.
        classes: names of the classes, or () where there are none.
        features: the extractor that quality is measured with unless the user names another.
        digest: 16 hexadecimal digits of a hash over all pixels and labels.
        skipped: files that could not be read and were left out on request.
        path: the folder that it is mapped from; None where it is in memory only.
    """

    name: str
    train: Split
    validation: Split
    test: Split
    classes: tuple[str, ...] = ()
    features: str = "random"
    digest: str = ""
    skipped: tuple[str, ...] = field(default=())
    path: Path | None = None

    @property
    def domains(self) -> tuple[str, ...]:
        """The names of the domains, `("image",)` for a set of one kind of image."""
        return tuple(self.train.images)

    @property
    def channels(self) -> int:
        """The number of colour channels, the same in every domain."""
        return next(iter(self.train.images.values())).shape[1]

    @property
    def image_size(self) -> int:
        """The side of the square images in pixels, as the GAN sees them."""
        return next(iter(self.test.images.values())).shape[-1]

    @property
    def train_size(self) -> int:
        """The side of the training images in pixels: more than `image_size` where crops are taken from them."""
        return next(iter(self.train.images.values())).shape[-1]


@dataclass(frozen=True)
class Request:
    """What is wanted of a source.

    Attributes:
        argument: what the user wrote after the colon of the spec.
        image_size: side in pixels of the validation and test images.
        train_size: side of the training images: `image_size`, or more where random crops are to be taken from them.
        bad_images: what an unreadable file does: "stop" the run, or "skip" (it is listed in `DataSet.skipped`).
        root: the folder that data sets, downloads and the cache are kept in.
        say: tells the user a line (progress of a download).
        download: whether what is missing may be downloaded.
        classes: names of the classes to keep; () keeps all.
    """

    argument: str
    image_size: int
    train_size: int
    bad_images: str = "stop"
    root: Path = Path("data")
    say: Callable[[str], None] = lambda line: None
    download: bool = False
    classes: tuple[str, ...] = ()


def to_float(images: Tensor) -> Tensor:
    """uint8 pixels in 0 … 255 to float32 in [-1, 1].

    Example:
        >>> to_float(torch.tensor([0, 255], dtype=torch.uint8)).tolist()
        [-1.0, 1.0]
    """
    return images.float().div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """Floats in [-1, 1] to the nearest uint8 pixel, as if saved to a file; values outside are clamped.

    Example:
        >>> to_uint8(torch.tensor([-1.5, 0.0, 1.0])).tolist()
        [0, 128, 255]
    """
    return images.float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def resized(images: Tensor, size: int) -> Tensor:
    """Square uint8 images brought to `size` pixels by antialiased bilinear interpolation; as they are if they have it.

    Example:
        >>> resized(torch.full((1, 1, 4, 4), 7, dtype=torch.uint8), 2).flatten().tolist()
        [7, 7, 7, 7]
    """
    if images.shape[-1] == size:
        return images
    chunks = [
        F.interpolate(chunk.float(), size=(size, size), mode="bilinear", antialias=True) for chunk in images.split(256)
    ]
    return to_uint8(torch.cat(chunks) / 127.5 - 1)


class Batches:
    """Endless batches of real images: `batches(step, draw)` is the same whenever and wherever it is asked for.

    Each draw index walks through its own shuffled epochs, so that an image is seen again only when all were. Draw 0 is
    what every loss sees at that step; further discriminator updates of the step take draws 1, 2, …

    The images stay where they are: on the CPU mapped from their files; a GPU gets a copy if they fit well into its memory,
    else each batch is gathered on the host. Pixels travel as uint8 and become floats on the device.

    Args:
        split: the images; of those that are larger than `size`, random crops are taken.
        batch_size: images per domain and batch; may exceed the number of images (epochs follow one another).
        seed: the run's seed.
        device: where batches are wanted, as float32 in [-1, 1].
        size: side of the images in a batch; None takes them as they are.
        flip: whether half of the images, drawn at random, are mirrored. Crops and flips are the same in all domains.

    Example:
        >>> split = Split({"image": torch.arange(5, dtype=torch.uint8).view(5, 1, 1, 1)})
        >>> batches = Batches(split, batch_size=5, seed=0)
        >>> sorted(to_uint8(batches(3, 0)["image"]).flatten().tolist())
        [0, 1, 2, 3, 4]
    """

    def __init__(
        self,
        split: Split,
        batch_size: int,
        seed: int,
        device: torch.device | str = "cpu",
        size: int | None = None,
        flip: bool = False,
    ) -> None:
        self.size, self.flip = size, flip
        self.batch_size, self.seed, self.device = batch_size, seed, torch.device(device)
        self.images = resident(split.images, self.device)
        self._orders: dict[tuple[str, int], tuple[int, Tensor]] = {}

    def __call__(self, step: int, draw: int = 0) -> Batch:
        """The batch of `draw` at `step` (counted from 0): domain -> float32 (batch_size, C, H, W)."""
        largest = max(images.shape[-1] for images in self.images.values())
        size = self.size or largest
        changes = None
        if size != largest or self.flip:
            changes = self._changes(step, draw, largest - size)
        return {domain: to_float(self._pixels(domain, step, draw, size, changes)) for domain in self.images}

    def _changes(self, step: int, draw: int, margin: int) -> tuple[Tensor, Tensor]:
        """Where the squares begin, and which are mirrored."""
        random = keyed_generator(self.seed, "augmentation", step, draw)
        corners = torch.randint(margin + 1, (2, self.batch_size), generator=random)
        mirrored = torch.rand(self.batch_size, generator=random) < (0.5 if self.flip else 0.0)
        return corners, mirrored

    def _pixels(self, domain: str, step: int, draw: int, size: int, changes: tuple[Tensor, Tensor] | None) -> Tensor:
        """The batch as uint8, on the device."""
        images, rows = self.images[domain], self._indices(domain, step, draw)
        pinned = self.device.type == "cuda" and images.device.type == "cpu"
        pixels = cropped(images, rows, *changes, size, pinned) if changes else picked(images, rows, pinned)
        return placed(pixels, self.device)

    def _indices(self, domain: str, step: int, draw: int) -> Tensor:
        count = len(self.images[domain])
        first, last = step * self.batch_size, (step + 1) * self.batch_size
        parts = []
        for epoch in range(first // count, (last - 1) // count + 1):
            order = self._order(domain, draw, epoch)
            parts.append(order[max(first - epoch * count, 0) : last - epoch * count])
        return torch.cat(parts) if len(parts) > 1 else parts[0]

    def _order(self, domain: str, draw: int, epoch: int) -> Tensor:
        cached = self._orders.get((domain, draw))
        if cached is None or cached[0] != epoch:
            generator = keyed_generator(self.seed, f"order/{domain}", draw, epoch)
            order = torch.randperm(len(self.images[domain]), generator=generator)
            cached = self._orders[domain, draw] = (epoch, placed(order, self.images[domain].device))
        return cached[1]
