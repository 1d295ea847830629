"""Where images come from: one file per source, one registry entry each, all with the same splits.

A source is named by a spec, `digits` or `images:FOLDER`: the name stands in `DATA`, what follows the colon is its
argument.
"""

from collections.abc import Callable
from dataclasses import dataclass

from gan_losses.data.base import Batch, Batches, DataSet, Split, to_float, to_uint8
from gan_losses.data.digits import load_digits
from gan_losses.data.folder import load_folder
from gan_losses.errors import UsageError, unknown_name

IMAGE_SIZES = (16, 32, 64, 128)


@dataclass(frozen=True)
class Source:
    """One entry of the registry.

    Attributes:
        load: (argument, image_size, bad_images) -> DataSet.
        summary: one line for `--list`.
        argument: what follows the colon of a spec ("FOLDER"), or "" where nothing does.
    """

    load: Callable[[str, int, str], DataSet]
    summary: str
    argument: str = ""


DATA: dict[str, Source] = {
    "digits": Source(
        lambda _, image_size, __: load_digits(image_size),
        "1,797 real handwritten digits in grey, shipped with scikit-learn (8 x 8 pixels, enlarged)",
    ),
    "images": Source(load_folder, "your own images: PNG, JPEG, WebP, BMP, GIF, TIFF, grey or colour", "FOLDER"),
}


def load_data(spec: str, image_size: int, bad_images: str = "stop") -> DataSet:
    """The data set that `spec` names, as square images of `image_size` pixels, split once and for all.

    Args:
        spec: `name` or `name:argument`, the name as in `DATA`.
        image_size: side in pixels, one of `IMAGE_SIZES`.
        bad_images: what an unreadable file does: "stop" the run, or "skip" (it is listed in `DataSet.skipped`).

    Raises:
        UsageError: on an unknown name, a missing or needless argument, another image size or `bad_images`, and
            whatever the source itself cannot use.

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
        raise UsageError(f"data {name!r} needs to know where: write {name}:{source.argument}.")
    if argument and not source.argument:
        raise UsageError(f"data {name!r} takes nothing after a colon, and {argument!r} came: write {name}.")
    if image_size not in IMAGE_SIZES:
        raise UsageError(f"the image size is one of {', '.join(map(str, IMAGE_SIZES))} pixels, and {image_size} came.")
    if bad_images not in ("stop", "skip"):
        raise UsageError(f"bad images either stop the run or are skipped: write stop or skip, not {bad_images!r}.")
    return source.load(argument, image_size, bad_images)


__all__ = [
    "DATA",
    "IMAGE_SIZES",
    "Batch",
    "Batches",
    "DataSet",
    "Source",
    "Split",
    "load_data",
    "to_float",
    "to_uint8",
]
