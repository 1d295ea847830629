"""The feature extractors by name."""

from collections.abc import Callable
from dataclasses import dataclass

from gan_losses.errors import UsageError, unknown_name
from gan_losses.metrics.digits import load_digits_extractor
from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.random_network import RandomExtractor
from gan_losses.metrics.shapes import load_shapes_extractor


@dataclass(frozen=True)
class Features:
    """One entry of the registry.

    Attributes:
        load: channels -> Extractor.
        summary: one line for `--list`.
    """

    load: Callable[[int], Extractor]
    summary: str


def _digits(channels: int) -> Extractor:
    if channels != 1:
        raise UsageError(f"features 'digits' take grey images, and {channels} channels came: use features random.")
    return load_digits_extractor()


def _shapes(channels: int) -> Extractor:
    if channels != 3:
        raise UsageError(f"features 'shapes' take colour images, and {channels} channels came: use features random.")
    return load_shapes_extractor()


FEATURES: dict[str, Features] = {
    "digits": Features(_digits, "64 features of a small classifier of handwritten digits, trained and shipped here"),
    "random": Features(RandomExtractor, "64 features of a fixed random network, for images of any kind"),
    "shapes": Features(_shapes, "64 features of a small reader of plain and striped animals, trained and shipped here"),
}


def get_features(name: str, channels: int) -> Extractor:
    """The extractor that `name` stands for, for images of `channels` channels, in eval mode and without gradients.

    Raises:
        UsageError: on an unknown name, or channels that the extractor cannot take.

    Example:
        >>> extractor = get_features("random", channels=3)
        >>> extractor.name, extractor.num_features, extractor.num_classes
        ('random', 64, 0)
    """
    if name not in FEATURES:
        raise unknown_name("features", name, FEATURES)
    return FEATURES[name].load(channels)


__all__ = ["FEATURES", "Extractor", "Features", "get_features"]
