"""How the pictures of `truth` are drawn: a few like shapes around a middle, in one colour on one ground."""

from dataclasses import dataclass, fields
from math import pi, sqrt

import torch
from torch import Tensor

SHAPES = ("disc", "square", "triangle", "bar")
TURNS = (0, 4, 3, 2)  # by how many turns a single shape comes back to itself; 0 for all
COUNTS = (1, 2, 3)
# By count: a shape's radius before its size is drawn, its distance from the middle, and how far the middle may stray.
RADII, DISTANCES, STRAYS = (0.26, 0.165, 0.15), (0.0, 0.205, 0.22), (0.17, 0.09, 0.09)
SIZES = (0.85, 1.15)
THIN = 0.3  # half of a bar's width, as a share of its radius
CHUNK = 500


@dataclass(frozen=True)
class Scenes:
    """What is in pictures, N of them.

    Attributes:
        shape: int64 (N,), place in `SHAPES`.
        count: int64 (N,), place in `COUNTS`.
        middle: float (N, 2), across and down, as shares of the picture.
        angle: float (N,), radians; pictures come back after 2 π / `periods`.
        size: float (N,), in `SIZES`.
        colour, ground: float (N, 3), of the shapes and of what is behind them, in [0, 1].
    """

    shape: Tensor
    count: Tensor
    middle: Tensor
    angle: Tensor
    size: Tensor
    colour: Tensor
    ground: Tensor

    def __len__(self) -> int:
        """The number of pictures."""
        return len(self.shape)

    def __getitem__(self, rows: Tensor | slice) -> "Scenes":
        """Some of them."""
        return Scenes(**{each.name: getattr(self, each.name)[rows] for each in fields(self)})

    def replaced(self, rows: Tensor, others: "Scenes") -> "Scenes":
        """These with others at some rows, int64 (M,)."""
        return Scenes(
            **{
                each.name: getattr(self, each.name).index_put((rows,), getattr(others, each.name))
                for each in fields(self)
            }
        )


def joined(parts: list[Scenes]) -> Scenes:
    """Scenes one after another."""
    return Scenes(**{each.name: torch.cat([getattr(part, each.name) for part in parts]) for each in fields(Scenes)})


def periods(shape: Tensor, count: Tensor) -> Tensor:
    """By how many turns a picture comes back to itself, int64 (N,): several shapes by their count, one by its own form.

    A single disc looks alike at every angle: 1 stands for it.

    Example:
        >>> periods(torch.tensor([1, 1, 0]), torch.tensor([0, 2, 0])).tolist()  # one square, three squares, one disc
        [4, 3, 1]
    """
    alone = torch.tensor(TURNS, device=shape.device)[shape].clamp(min=1)
    return torch.where(count == 0, alone, count + 1)


def covers(scenes: Scenes, size: int) -> Tensor:
    """How much of each pixel the shapes cover, in [0, 1]: (N, size, size), of the scenes' precision.

    Antialiased by the distance to the edge: a pixel whose middle lies t pixels inside is covered by t + 1/2, within
    [0, 1]; exact for straight edges along the pixels, near for others.

    Args:
        scenes: of any number.
        size: side in pixels.

    Example:
        >>> one = lambda *values: torch.tensor([values], dtype=torch.float64)
        >>> whole = torch.zeros(1, dtype=torch.int64)
        >>> bars = Scenes(whole + 3, whole, one(0.5, 0.5), one(0.0)[0], one(1.0)[0], one(1, 1, 1), one(0, 0, 0))
        >>> round(covers(bars, 16).sum().item() / 256, 4)  # in pixels 8.32 by 2.496, of which half pixels go both ways
        0.083
    """
    found = torch.empty(len(scenes), size, size, dtype=scenes.angle.dtype, device=scenes.angle.device)
    for shape in range(len(SHAPES)):
        for count in range(len(COUNTS)):
            rows = ((scenes.shape == shape) & (scenes.count == count)).nonzero().flatten()
            for some in rows.split(CHUNK) if len(rows) else ():
                found[some] = _covers(scenes[some], shape, count, size)
    return found


def draw(scenes: Scenes, size: int) -> Tensor:
    """The pictures: uint8 (N, 3, size, size).

    Example:
        >>> half = torch.full((1, 3), 0.5, dtype=torch.float64)
        >>> whole = torch.zeros(1, dtype=torch.int64)
        >>> draw(Scenes(whole, whole, half[:, :2], half[:, 0], half[:, 0], half, half), 16).unique().tolist()
        [128]
    """
    chunks = [_painted(scenes[start : start + CHUNK], size) for start in range(0, len(scenes), CHUNK)]
    return torch.cat(chunks) if chunks else torch.empty(0, 3, size, size, dtype=torch.uint8)


def _painted(scenes: Scenes, size: int) -> Tensor:
    covered = covers(scenes, size)[:, None]
    ground, colour = (part[:, :, None, None] for part in (scenes.ground, scenes.colour))
    return ((ground + covered * (colour - ground)) * 255).round().clamp(0, 255).to(torch.uint8)


def _covers(scenes: Scenes, shape: int, count: int, size: int) -> Tensor:
    """Of scenes that all have this shape and this count."""
    points = (torch.arange(size, dtype=scenes.angle.dtype, device=scenes.angle.device) + 0.5) / size
    across = points[None, None, :] - scenes.middle[:, 0, None, None]
    down = points[None, :, None] - scenes.middle[:, 1, None, None]
    radius = (RADII[count] * scenes.size)[:, None, None]
    nearest: Tensor | None = None
    for number in range(COUNTS[count]):
        # Sines differ between processors in their last bit, which a pixel of 8 bits does not show.
        angle = (scenes.angle + 2 * pi * number / COUNTS[count])[:, None, None]
        out = across * angle.cos() + down * angle.sin() - DISTANCES[count]
        side = down * angle.cos() - across * angle.sin()
        outside = _outside(out, side, radius, shape)
        nearest = outside if nearest is None else torch.minimum(nearest, outside)
    assert nearest is not None
    return (0.5 - size * nearest).clamp(0, 1)


def _outside(out: Tensor, side: Tensor, radius: Tensor, shape: int) -> Tensor:
    """How far points are outside of a shape (below 0: inside), in its own coordinates."""
    forms = (
        lambda: (out.square() + side.square()).sqrt() - 0.9 * radius,
        lambda: torch.maximum(out.abs(), side.abs()) - radius / sqrt(2),
        lambda: torch.maximum(-out, out / 2 + side.abs() * (sqrt(3) / 2)) - radius / 2,
        lambda: torch.maximum(out.abs() - radius, side.abs() - THIN * radius),
    )
    return forms[shape]()
