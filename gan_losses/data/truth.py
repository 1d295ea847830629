"""Made-up pictures of which all is known: 1,152 kinds, each with a free pose and free shades, as many as are wanted."""

import torch
from torch import Tensor

from gan_losses.data.base import DataSet, Request, Split
from gan_losses.data.digest import pixel_digest
from gan_losses.data.halves import chosen, titled
from gan_losses.data.truth_drawing import COUNTS, SHAPES, SIZES, STRAYS, Scenes, draw, joined, periods
from gan_losses.errors import UsageError
from gan_losses.random import keyed_generator

DEFAULT_SIZE, MOST = 4000, 1_000_000
VALIDATION, TEST = 500, 2000
PIECE = 1000  # scenes of one generator: a set is the beginning of every larger one
# Twelve hues around the cube of colours, all of full strength, and eight dark grounds at a smaller cube's corners.
COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.9, 0.1, 0.1),
    "orange": (0.9, 0.5, 0.1),
    "yellow": (0.9, 0.9, 0.1),
    "lime": (0.5, 0.9, 0.1),
    "green": (0.1, 0.9, 0.1),
    "mint": (0.1, 0.9, 0.5),
    "cyan": (0.1, 0.9, 0.9),
    "azure": (0.1, 0.5, 0.9),
    "blue": (0.1, 0.1, 0.9),
    "violet": (0.5, 0.1, 0.9),
    "magenta": (0.9, 0.1, 0.9),
    "rose": (0.9, 0.1, 0.5),
}
DARK, LIGHT = 0.1, 0.4
GROUNDS = tuple((red, green, blue) for red in (DARK, LIGHT) for green in (DARK, LIGHT) for blue in (DARK, LIGHT))
COLOUR_SPREAD, GROUND_SPREAD = 0.08, 0.06  # how far a channel may be from the named one
FACTORS = {"shape": len(SHAPES), "count": len(COUNTS), "colour": len(COLOURS), "ground": len(GROUNDS)}
MODES = len(SHAPES) * len(COUNTS) * len(COLOURS) * len(GROUNDS)


def load_truth(request: Request) -> DataSet:
    """Pictures of 1 to 3 like shapes on a plain ground: `truth:SIZE` has SIZE to train on, 500 and 2,000 to test.

    A picture is one of 4 shapes x 3 counts x 12 colours x 8 grounds = 1,152 modes, all equally likely, with a middle, an
    angle, a size and shades drawn evenly. Nothing else is in it, so that whether a picture is possible, and which mode it
    has, can be read from it (`gan_losses.metrics.truth_reading`). Nested: the first images of a larger training set are
    the smaller one; validation and test are always the same. The classes are the shapes.

    After the convex polygons of Lucic et al. 2017, arXiv:1711.10337, whose precision and recall are exact as well.

    Args:
        request: its argument is the number of training images; its classes are kept, others left out of that number.

    Raises:
        UsageError: a size that is no whole number from 2 to 1,000,000, or an unknown class.

    Example:
        >>> data = load_truth(Request("1000", image_size=16, train_size=16))
        >>> data.train.images["image"].shape, len(data.test), data.classes
        (torch.Size([1000, 3, 16, 16]), 2000, ('disc', 'square', 'triangle', 'bar'))
    """
    kept = chosen("truth", request.classes, SHAPES)
    wanted = {"train": _size(request.argument), "validation": VALIDATION, "test": TEST}
    sides = {"train": request.train_size, "validation": request.image_size, "test": request.image_size}
    train, validation, test = parts = [_split(scenes(wanted[part], part), sides[part], kept) for part in wanted]
    name = titled(f"truth:{wanted['train']}", request.classes, kept)
    return DataSet(name, train, validation, test, classes=kept, features="truth", digest=pixel_digest(parts))


def scenes(count: int, stream: str) -> Scenes:
    """The first `count` scenes of a stream, the same on every machine.

    Example:
        >>> bool((scenes(5, "test").angle == scenes(2000, "test").angle[:5]).all())
        True
    """
    parts = [_scenes(keyed_generator(0, f"truth/{stream}", start)) for start in range(0, count, PIECE)]
    return joined(parts)[:count]


def modes(factors: dict[str, Tensor]) -> Tensor:
    """The number of the mode, 0 … 1,151, of places in `FACTORS`: int64 (N,).

    Example:
        >>> last = {name: torch.tensor([values - 1]) for name, values in FACTORS.items()}
        >>> modes(last).tolist(), MODES
        ([1151], 1152)
    """
    found = torch.zeros_like(factors["shape"])
    for name, values in FACTORS.items():
        found = found * values + factors[name]
    return found


def factors_of(known: Scenes) -> dict[str, Tensor]:
    """The discrete factors of scenes, int64 (N,) each: name in `FACTORS` -> place, the nearest for colour and ground.

    Example:
        >>> known = scenes(1000, "test")
        >>> {name: len(values.unique()) for name, values in factors_of(known).items()}
        {'shape': 4, 'count': 3, 'colour': 12, 'ground': 8}
    """
    return {
        "shape": known.shape,
        "count": known.count,
        "colour": nearest(known.colour, palette()),
        "ground": nearest(known.ground, grounds()),
    }


def palette() -> Tensor:
    """The colours by themselves: float64 (12, 3)."""
    return torch.tensor(list(COLOURS.values()), dtype=torch.float64)


def grounds() -> Tensor:
    """The grounds by themselves: float64 (8, 3)."""
    return torch.tensor(GROUNDS, dtype=torch.float64)


def nearest(colours: Tensor, known: Tensor) -> Tensor:
    """Which of the known colours (K, 3) is nearest to each of (N, 3) by its worst channel: int64 (N,)."""
    return (colours.double()[:, None] - known.to(colours.device)).abs().amax(2).argmin(1)


def _scenes(random: torch.Generator) -> Scenes:
    """PIECE scenes."""
    shape, count, colour, ground = (torch.randint(values, (PIECE,), generator=random) for values in FACTORS.values())
    even = torch.rand(PIECE, 10, generator=random, dtype=torch.float64)
    around = 2 * even - 1
    return Scenes(
        shape,
        count,
        0.5 + torch.tensor(STRAYS, dtype=torch.float64)[count][:, None] * around[:, :2],
        2 * torch.pi / periods(shape, count) * even[:, 2],
        SIZES[0] + (SIZES[1] - SIZES[0]) * even[:, 3],
        palette()[colour] + COLOUR_SPREAD * around[:, 4:7],
        grounds()[ground] + GROUND_SPREAD * around[:, 7:],
    )


def _split(everything: Scenes, size: int, kept: tuple[str, ...]) -> Split:
    labels = torch.tensor([kept.index(shape) if shape in kept else -1 for shape in SHAPES])[everything.shape]
    some = labels >= 0
    return Split({"image": draw(everything[some], size)}, labels[some])


def _size(argument: str) -> int:
    if not (argument.isascii() and argument.isdigit() and 2 <= int(argument[:9]) <= MOST):
        raise UsageError(
            f"data 'truth' has from 2 to {MOST:,} images to train on, and {argument!r} came: try truth:4000."
        )
    return int(argument)
