"""The feature extractors by name."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gan_losses.errors import UsageError, unknown_name
from gan_losses.metrics.arithmetic import PRECISIONS
from gan_losses.metrics.custom_features import load_custom
from gan_losses.metrics.digits import load_digits_extractor
from gan_losses.metrics.extractor import Extractor
from gan_losses.metrics.fidelity import load_registered
from gan_losses.metrics.inception import kept_inception, load_inception
from gan_losses.metrics.random_network import RandomExtractor
from gan_losses.metrics.shapes import load_shapes_extractor
from gan_losses.metrics.stacked import StackedExtractor
from gan_losses.metrics.truth import load_truth_extractor
from gan_losses.metrics.weights import DEFAULT_PLACE, Place
from gan_losses.places import is_place


def _none(place: Place) -> list[Path]:
    return []


@dataclass(frozen=True)
class Features:
    """One entry of the registry.

    Attributes:
        load: (what stands behind the colon, channels, place) -> Extractor.
        summary: one line for `--list`.
        argument: what stands behind the colon, in words; "" where nothing may.
        precisions: names in `PRECISIONS` that the extractor can compute in.
        takes_weights: whether the user may name a file of weights.
        kept: the files of weights that are at hand in a place and can be named in it (`Place.weights`).
    """

    load: Callable[[str, int, Place], Extractor]
    summary: str
    argument: str = ""
    precisions: tuple[str, ...] = ("fp32",)
    takes_weights: bool = False
    kept: Callable[[Place], list[Path]] = _none


def _digits(_: str, channels: int, place: Place) -> Extractor:
    if channels != 1:
        raise UsageError(f"features 'digits' take grey images, and {channels} channels came: use features random.")
    return load_digits_extractor()


def _random(_: str, channels: int, place: Place) -> Extractor:
    return RandomExtractor(channels)


def _shapes(_: str, channels: int, place: Place) -> Extractor:
    if channels != 3:
        raise UsageError(f"features 'shapes' take colour images, and {channels} channels came: use features random.")
    return load_shapes_extractor()


def _stacked(_: str, channels: int, place: Place) -> Extractor:
    if channels != 3:
        told = f"features 'stacked-digits' take three channels, and {channels} came: use features random."
        raise UsageError(told)
    return StackedExtractor()


def _truth(_: str, channels: int, place: Place) -> Extractor:
    if channels != 3:
        raise UsageError(f"features 'truth' take colour images, and {channels} channels came: use features random.")
    return load_truth_extractor()


def _inception(_: str, channels: int, place: Place) -> Extractor:
    return load_inception(channels, place)


def _dinov2(_: str, channels: int, place: Place) -> Extractor:
    return load_registered("dinov2-vit-l-14", channels, place, name="dinov2")


def _clip(_: str, channels: int, place: Place) -> Extractor:
    return load_registered("clip-vit-b-32", channels, place, name="clip")


BOTH = tuple(PRECISIONS)
FEATURES: dict[str, Features] = {
    "digits": Features(_digits, "64 features of a small classifier of handwritten digits, trained and shipped here"),
    "random": Features(_random, "64 features of a fixed random network, for images of any kind"),
    "shapes": Features(_shapes, "64 features of a small reader of plain and striped animals, trained and shipped here"),
    "truth": Features(_truth, "64 features of a small reader of the pictures of truth, trained and shipped here"),
    "stacked-digits": Features(_stacked, "192 features: those of digits, of each channel"),
    "inception": Features(
        _inception, "2,048 features of Inception v3, those of the literature's FID", "", BOTH, True, kept_inception
    ),
    "dinov2": Features(_dinov2, "1,024 features of DINOv2 ViT-L/14, through torch-fidelity", "", BOTH),
    "clip": Features(_clip, "512 features of CLIP ViT-B/32, through torch-fidelity", "", BOTH),
    "fidelity": Features(
        load_registered, "any extractor of torch-fidelity's registry", "a name in that registry", BOTH
    ),
}
OWN = Features(load_custom, "what a function of your own builds", "the place of that function")


def get_features(spec: str, channels: int, place: Place = DEFAULT_PLACE) -> Extractor:
    """The extractor that `spec` stands for, for images of `channels` channels, in eval mode and without gradients.

    Args:
        spec: a name in `FEATURES`, with an argument as in `fidelity:vgg16`; or the place of a function that builds one,
            as in `my_features.py:build` or `package.module:build`, see `load_custom`.
        channels: of the images.
        place: where weights are, and what may be done to get them.

    Raises:
        UsageError: on an unknown name, channels or a precision that the extractor cannot take, or weights that cannot
            be had.

    Example:
        >>> extractor = get_features("random", channels=3)
        >>> extractor.name, extractor.num_features, extractor.label("fid")
        ('random', 64, 'fid[random]')
    """
    if place.precision not in PRECISIONS:
        raise unknown_name("precision of features", place.precision, PRECISIONS)
    found, argument = _entry(spec)
    if place.precision not in found.precisions:
        known = " or ".join(found.precisions)
        raise UsageError(f"features {spec!r} compute in {known}, and {place.precision} was asked for: leave it out.")
    return found.load(argument, channels, place)


def _entry(spec: str) -> tuple[Features, str]:
    """The entry that `spec` names, and its argument."""
    name, colon, argument = spec.partition(":")
    if name not in FEATURES:
        if is_place(spec):
            return OWN, spec
        raise unknown_name("features", spec, FEATURES)
    found = FEATURES[name]
    if bool(found.argument) != bool(argument) or bool(colon) != bool(argument):
        form = f"{name}:… with {found.argument}" if found.argument else f"{name} alone"
        raise UsageError(f"features {spec!r} are not known in this form: write {form}.")
    return found, argument


__all__ = ["FEATURES", "Extractor", "Features", "Place", "get_features"]
