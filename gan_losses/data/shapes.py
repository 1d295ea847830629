"""The suite's own horses and zebras: plain and striped animals in front of a landscape, drawn from keyed numbers."""

from dataclasses import dataclass

import torch
from torch import Tensor

from gan_losses.data.base import DataSet, Request, Split
from gan_losses.data.digest import pixel_digest
from gan_losses.errors import UsageError
from gan_losses.random import keyed_generator

COUNTS = {"train": 800, "validation": 150, "test": 200}  # of each domain
STRIDE = 4  # of the generator that is to paint the stripes; the size has to be a multiple of it
FINE = 2  # points per pixel and direction; their mean is the pixel
CHUNK = 50

# Height of the neck and of the legs, their widths, and how round the body is, as shares of the picture.
KINDS: dict[str, tuple[float, float, float, float, float]] = {
    "horse": (0.13, 0.19, 0.08, 0.050, 0.16),
    "cow": (0.04, 0.14, 0.11, 0.055, 0.20),
    "llama": (0.20, 0.17, 0.07, 0.050, 0.15),
    "goat": (0.08, 0.22, 0.07, 0.045, 0.14),
}
GROUNDS: dict[str, tuple[float, float, float]] = {
    "meadow": (0.35, 0.60, 0.30),
    "steppe": (0.75, 0.70, 0.45),
    "rock": (0.55, 0.60, 0.70),
    "earth": (0.50, 0.45, 0.40),
}
FACTORS = {"kind": len(KINDS), "ground": len(GROUNDS), "facing": 2}
COAT, COAT_SPREAD = (0.67, 0.44, 0.28), (0.10, 0.08, 0.06)
SKY = (0.65, 0.80, 0.95)
WHITE, DARK = 0.95, 0.2  # a light stripe's value, and what of the coat's value a dark one keeps


@dataclass(frozen=True)
class Scenes:
    """The same scenes plain and striped.

    Attributes:
        plain: uint8 (N, 3, H, W).
        striped: likewise; equal to `plain` outside of the animals.
        mask: bool (N, 1, H, W), the animals.
        factors: name in `FACTORS` -> int64 (N,), what can be read from a scene, striped or not.
    """

    plain: Tensor
    striped: Tensor
    mask: Tensor
    factors: dict[str, Tensor]


def load_shapes(request: Request) -> DataSet:
    """Plain animals (a) and striped ones (b), 800 of each to train on; nothing is read, all is drawn.

    The scenes of a and b are different ones. Every scene could be drawn in both ways, so each test image has one true
    partner in the other domain, `Split.truth`; `Split.masks` are the animals. See `draw_scenes` for the stripes.

    Args:
        request: the size is a multiple of 4, and the same for training as for testing.

    Raises:
        UsageError: another size.

    Example:
        >>> data = load_shapes(Request("", image_size=48, train_size=48))
        >>> data.test.truth["b"].shape, data.domains
        (torch.Size([200, 3, 48, 48]), ('a', 'b'))
    """
    size = request.image_size
    if size % STRIDE:
        raise UsageError(f"shapes2stripes is drawn at multiples of {STRIDE} pixels, and {size} came: try 48 or 64.")
    if request.train_size != size:
        raise UsageError("shapes2stripes has its stripes at fixed columns, which crops would shift: leave crops out.")
    train, validation, test = parts = [_split(count, size, part) for part, count in COUNTS.items()]
    digest = pixel_digest(parts)
    return DataSet("shapes2stripes", train, validation, test, features="shapes", digest=digest)


def _split(count: int, size: int, part: str) -> Split:
    of_a, of_b = (draw_scenes(count, size, f"{part}/{domain}") for domain in ("a", "b"))
    images = {"a": of_a.plain, "b": of_b.striped}
    if part != "test":
        return Split(images)
    return Split(images, truth={"a": of_b.plain, "b": of_a.striped}, masks={"a": of_b.mask, "b": of_a.mask})


def draw_scenes(count: int, size: int, stream: str) -> Scenes:
    """`count` scenes of `size` pixels, the same for the same stream on every machine.

    An animal of one of four kinds, its place, size, facing and coat drawn at random, stands in front of sky and ground.
    Striped, each of its pixel columns is white or a dark shade of its coat, by the column's place in the picture alone:
    stripes of about a twelfth of the picture, see `stripes`, symmetric about the middle. So they are a fixed function of the
    picture, also of a mirrored one. Up to 68 pixels their period is 4, the generator's stride, so that it can paint them
    without knowing coordinates; in larger pictures it has to find the columns from the borders.

    Args:
        count: of scenes.
        size: side in pixels, a multiple of 4.
        stream: names the random numbers.

    Example:
        >>> scenes = draw_scenes(3, 48, "test/a")
        >>> changed = (scenes.plain != scenes.striped).any(1, keepdim=True)
        >>> bool((changed & ~scenes.mask).any())  # nothing but animals is striped
        False
    """
    chunks = [
        _draw(min(CHUNK, count - start), size, keyed_generator(0, f"shapes2stripes/{stream}", start))
        for start in range(0, count, CHUNK)
    ]
    factors = {name: torch.cat([chunk.factors[name] for chunk in chunks]) for name in FACTORS}
    plain, striped, mask = (
        torch.cat([getattr(chunk, name) for chunk in chunks]) for name in ("plain", "striped", "mask")
    )
    return Scenes(plain, striped, mask, factors)


def stripes(size: int) -> Tensor:
    """Which pixel columns of a picture are dark: bool (size,), symmetric about its middle.

    The period is the largest multiple of 4 pixels that divides the size and is no more than about a twelfth of it.

    Example:
        >>> "".join("#" if dark else "." for dark in stripes(16))
        '#..##..##..##..#'
    """
    most = max(1, round(size / 48))
    period = STRIDE * next(times for times in range(most, 0, -1) if size % (STRIDE * times) == 0)
    return (torch.arange(size) + period // 4) % period < period // 2


# Only sums, products and comparisons of float64 below: sines and the like differ between processors.


def _draw(count: int, size: int, random: torch.Generator) -> Scenes:
    factors = {name: torch.randint(values, (count,), generator=random) for name, values in FACTORS.items()}
    x, y, sky = _landscape_grid(count, size, random)
    across, down = _animal_frame(x, y, factors["facing"], random)
    animal = _animal(across, down, factors["kind"], random)
    ground = _landscape(sky, factors["ground"], random)
    plain, striped = _coats(down, size, random)
    inside = animal[:, None]
    covered = _pixels(animal[:, None].double()) >= 0.5
    # The mask's pixels alone are striped: a rim of half-covered ones is the same in both.
    pictures = [_bytes(torch.where(inside, coat, ground)) for coat in (plain, striped)]
    return Scenes(pictures[0], torch.where(covered, pictures[1], pictures[0]), covered, factors)


def _uniform(count: int, low: float, high: float, random: torch.Generator, *shape: int) -> Tensor:
    return low + (high - low) * torch.rand(count, *shape, generator=random, dtype=torch.float64)


def _landscape_grid(count: int, size: int, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """Coordinates (1, S, S) in [0, 1] of the fine points, and which of them are sky, bool (N, S, S)."""
    points = (torch.arange(FINE * size, dtype=torch.float64) + 0.5) / (FINE * size)
    x, y = points[None, None, :], points[None, :, None]
    return x, y, (y < _uniform(count, 0.30, 0.45, random, 1, 1)).expand(-1, -1, len(points))


def _animal_frame(x: Tensor, y: Tensor, facing: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Distances (N, S, S) from the middle of the body: towards the head, and downwards."""
    count = len(facing)
    across = x - _uniform(count, 0.44, 0.56, random, 1, 1)
    down = y - _uniform(count, 0.46, 0.56, random, 1, 1)
    return across * (1 - 2 * facing.double())[:, None, None], down


def _animal(across: Tensor, down: Tensor, kind: Tensor, random: torch.Generator) -> Tensor:
    """Body, legs, neck and head as bool (N, S, S)."""
    count = len(kind)
    sizes = torch.tensor(list(KINDS.values()), dtype=torch.float64)[kind]
    neck, leg, thick, thin, height = (column[:, None, None] for column in sizes.unbind(1))
    length = _uniform(count, 0.29, 0.34, random, 1, 1)
    height = height * _uniform(count, 0.9, 1.1, random, 1, 1)
    body = (across / length).square() + (down / height).square() < 1
    legs = torch.zeros_like(body)
    for place in (-0.8, -0.3, 0.3, 0.8):
        legs |= ((across - place * length).abs() < thin) & (down > 0) & (down < height + leg)
    # The neck leans forward from the shoulder.
    shoulder = across - 0.7 * length
    top = height + neck
    throat = ((shoulder + 0.35 * (down + 0.3 * height)).abs() < thick) & (down < 0) & (down > -top)
    head_across, head_down = shoulder - 0.35 * (top - 0.3 * height) - 0.04, down + top
    head = (head_across / 0.10).square() + (head_down / 0.06).square() < 1
    return body | legs | throat | head


def _landscape(sky: Tensor, ground: Tensor, random: torch.Generator) -> Tensor:
    """Sky and ground with soft shades, float64 (N, 3, S, S)."""
    count, side = len(sky), sky.shape[-1]
    shades = _shades(count, side, random)[:, None]
    colours = torch.tensor(list(GROUNDS.values()), dtype=torch.float64)[ground]
    colours = colours + _uniform(count, -0.025, 0.025, random, 3)
    above = torch.tensor(SKY, dtype=torch.float64) + _uniform(count, -0.02, 0.02, random, 3)
    near, far = (colour[:, :, None, None] for colour in (colours, above))
    return torch.where(sky[:, None], far + 0.06 * shades, near + 0.25 * shades)


def _shades(count: int, side: int, random: torch.Generator) -> Tensor:
    """Smooth random fields in [-0.5, 0.5], (N, side, side): 5 x 5 numbers joined linearly."""
    corners = _uniform(count, -0.5, 0.5, random, 5, 5)
    places = torch.arange(side, dtype=torch.float64) * (4 / side)
    weights = (1 - (places[:, None] - torch.arange(5)).abs()).clamp(min=0)  # hats, (side, 5)
    rows = (corners[:, None] * weights[None, :, :, None]).sum(2)
    return (rows[:, :, None] * weights[None, None]).sum(3)


def _coats(down: Tensor, size: int, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """What an animal looks like at each point, plain and striped: float64 (N, 3, S, S)."""
    count = len(down)
    spread = torch.tensor(COAT_SPREAD, dtype=torch.float64)
    coat = torch.tensor(COAT, dtype=torch.float64) + spread * _uniform(count, -0.5, 0.5, random, 3)
    coat = (coat + _uniform(count, -0.075, 0.075, random, 1))[:, :, None, None]
    light = 1 - 0.6 * down.clamp(-0.2, 0.2)[:, None]  # from above
    plain = coat * light
    dark = stripes(size).repeat_interleave(FINE)
    return plain, torch.where(dark, DARK * plain, WHITE)


def _pixels(points: Tensor) -> Tensor:
    """(N, C, S, S) at the fine points to the means of pixels."""
    count, channels, side, _ = points.shape
    return points.view(count, channels, side // FINE, FINE, side // FINE, FINE).mean((3, 5))


def _bytes(points: Tensor) -> Tensor:
    return (_pixels(points).clamp(0, 1) * 255).round().to(torch.uint8)
