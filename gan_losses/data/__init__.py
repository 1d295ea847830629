"""Where images come from: one file per source, one registry entry each, all with the same splits.

A source is named by a spec, `digits` or `images:FOLDER`: the name stands in `DATA`, what follows the colon is its
argument.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gan_losses.data.base import Batch, Batches, DataSet, Request, Split, to_float, to_uint8
from gan_losses.data.cache import cached
from gan_losses.data.digits import load_digits
from gan_losses.data.folder import find_folder
from gan_losses.data.papers import ONE_DOMAIN, sources
from gan_losses.data.shapes import load_shapes
from gan_losses.data.stacked import load_stacked
from gan_losses.data.textures import load_textures
from gan_losses.data.torchvision_sets import sources as torchvision_sources
from gan_losses.data.truth import load_truth
from gan_losses.data.unpaired import find_unpaired
from gan_losses.errors import UsageError, unknown_name

SMALLEST = 16  # pixels: what the features need


@dataclass(frozen=True)
class Source:
    """One entry of the registry.

    Attributes:
        load: Request -> DataSet.
        summary: one line for `--list`.
        argument: what follows the colon of a spec ("FOLDER"), or "" where nothing does.
        default: the argument of a spec without one; None where it has to be given.
        domains: the kinds of images that its data sets have.
        by_argument: argument -> the domains of the data sets that this argument gives, where they are others.
        has_classes: whether classes can be chosen.
    """

    load: Callable[[Request], DataSet]
    summary: str
    argument: str = ""
    default: str | None = None
    domains: tuple[str, ...] = ("image",)
    by_argument: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_classes: bool = False

    def domains_of(self, argument: str) -> tuple[str, ...]:
        """The kinds of images of the data set that `argument` gives, which stands after the colon of a spec.

        Example:
            >>> DATA["facades"].domains_of(""), DATA["facades"].domains_of("a")
            (('a', 'b'), ('image',))
        """
        return self.by_argument.get(argument, self.domains)


TWO = ("a", "b")
DATA: dict[str, Source] = {
    "digits": Source(
        load_digits,
        "1,797 real handwritten digits in grey, shipped with scikit-learn (8 x 8 pixels, enlarged)",
        has_classes=True,
    ),
    "images": Source(cached(find_folder), "your own images: PNG, JPEG, WebP, BMP, GIF, TIFF, grey or colour", "FOLDER"),
    "shapes2stripes": Source(
        load_shapes,
        "plain and striped animals, drawn here; unpaired to train on, with the true partners to test on",
        domains=TWO,
    ),
    "stacked-digits": Source(
        load_stacked,
        "three handwritten digits as colour channels: 1,000 modes, as many stacks as wanted",
        "SIZE",
        "10000",
    ),
    "textures": Source(
        load_textures,
        "patches of two photographs in grey, shipped with scikit-image: two of grass, gravel, brick",
        "A,B",
        "grass,gravel",
        TWO,
    ),
    "truth": Source(
        load_truth,
        "1,152 kinds of made-up pictures, drawn here, of which all is known: metric factors reads it",
        "SIZE",
        "4000",
        has_classes=True,
    ),
    "unpaired": Source(
        cached(find_unpaired),
        "your own images of two domains: trainA, trainB, testA, testB in a folder, or two folders",
        "FOLDER",
        domains=TWO,
    ),
    **{
        name: Source(cached(find), summary, has_classes=classes)
        for name, (find, summary, classes) in torchvision_sources().items()
    },
    **{name: Source(cached(find), summary, "a|b", "", TWO, ONE_DOMAIN) for name, (find, summary) in sources().items()},
}


def default_root() -> Path:
    """Where data sets and downloads are kept unless the user says otherwise: `gan-losses` in the user's cache folder."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "gan-losses"


def load_data(
    spec: str,
    image_size: int,
    bad_images: str = "stop",
    train_size: int | None = None,
    root: Path | None = None,
    say: Callable[[str], None] = lambda line: None,
    download: bool = False,
    classes: Sequence[str] = (),
) -> DataSet:
    """The data set that `spec` names, as square images of `image_size` pixels, split once and for all.

    Args:
        spec: `name` or `name:argument`, the name as in `DATA`.
        image_size: side in pixels, at least `SMALLEST`.
        bad_images: what an unreadable file does: "stop" the run, or "skip" (it is listed in `DataSet.skipped`).
        train_size: side of the training images; None is `image_size`, more leaves room for random crops.
        root: where data sets, downloads and the cache of decoded images are kept; None is `default_root()`.
        say: tells the user a line.
        download: whether a set that is not there may be downloaded.
        classes: names of the classes to keep, in all splits; () keeps all.

    Raises:
        UsageError: on an unknown name, a missing or needless argument, another image size or `bad_images`, a class
            that the set does not have, and whatever the source itself cannot use.

    Example:
        >>> data = load_data("digits", 16)
        >>> len(data.train), len(data.validation), len(data.test), data.image_size, data.channels
        (1000, 397, 400, 16, 1)
    """
    name, _, argument = spec.partition(":")
    if name not in DATA:
        raise unknown_name("data", name, DATA)
    source = DATA[name]
    if source.argument and not argument:
        if source.default is None:
            raise UsageError(f"data {name!r} needs to know where: write {name}:{source.argument}.")
        argument = source.default
    if argument and not source.argument:
        raise UsageError(f"data {name!r} takes nothing after a colon, and {argument!r} came: write {name}.")
    if image_size < SMALLEST:
        raise UsageError(f"the image size is {SMALLEST} pixels or more, and {image_size} came.")
    if bad_images not in ("stop", "skip"):
        raise UsageError(f"bad images either stop the run or are skipped: write stop or skip, not {bad_images!r}.")
    if classes and not source.has_classes:
        raise UsageError(f"data {name!r} has no classes to choose from, and {', '.join(classes)} came: leave them out.")
    sizes = (image_size, image_size if train_size is None else train_size)
    wanted = tuple(dict.fromkeys(classes))
    return source.load(Request(argument, *sizes, bad_images, root or default_root(), say, download, wanted))


__all__ = [
    "DATA",
    "SMALLEST",
    "Batch",
    "Batches",
    "DataSet",
    "Request",
    "Source",
    "Split",
    "default_root",
    "load_data",
    "to_float",
    "to_uint8",
]
