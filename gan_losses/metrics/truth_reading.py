"""What is in a picture of `truth`, found by drawing it anew until it fits: whether it is possible, and which mode it has."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gan_losses.data.base import to_float
from gan_losses.data.truth import COLOUR_SPREAD, GROUND_SPREAD, factors_of, grounds, modes, palette
from gan_losses.data.truth_drawing import SIZES, STRAYS, Scenes, covers, joined, periods
from gan_losses.metrics.truth import TruthExtractor

TOLERANCE = 8.0  # of 255 grey levels, root mean square over pixels and channels
SLACK, SHADE_SLACK = 0.01, 0.03  # of places and sizes, and of shades, beyond what is drawn: room for rounding
ROUNDS = 5
CHUNK = 256
NUDGES = (0.004, 0.004, 0.02, 0.01)  # across, down, angle, size: what slopes are taken over
LARGEST = (0.05, 0.05, 0.3, 0.1)  # and the most that they change in a round
DOUBTFUL = 2.0  # grey levels; where more is left, other first guesses are tried
# (which shape is supposed, 0 the likeliest; by what share of its period it is turned on)
GUESSES = ((0, 0.0), (0, 0.5), (1, 0.0), (1, 0.5))
DAMPING, EASE, GUARD = 1e-2, 0.3, 10.0


@dataclass(frozen=True)
class Reading:
    """What N pictures show.

    Attributes:
        scenes: those that fit best; float32.
        residual: float32 (N,), how far the picture is from that scene redrawn: root mean square, in grey levels of 255.
        possible: bool (N,), whether it is a picture of the set up to `TOLERANCE`: near a scene whose middle, size and
            shades are ones that are drawn.
        modes: int64 (N,), 0 … 1,151, of the scenes.
    """

    scenes: Scenes
    residual: Tensor
    possible: Tensor
    modes: Tensor


@torch.no_grad()
def read(extractor: TruthExtractor, images: Tensor) -> Reading:
    """Reads pictures: the network tells shape, count and a first pose, least squares the rest.

    For a pose (middle, angle, size) the coverage a of each pixel is known, and picture = ground + a (colour - ground)
    gives both colours by linear least squares; the pose is improved by five rounds of damped Gauss-Newton on what is
    left (variable projection). Where the first guess does not fit, the shape's next likely one and the opposite angle
    are tried as well.

    Args:
        extractor: the shipped network, on the images' device.
        images: uint8 (N, 3, H, W).

    Example:
        >>> from gan_losses.data.truth import scenes
        >>> from gan_losses.data.truth_drawing import draw
        >>> from gan_losses.metrics.truth import load_truth_extractor
        >>> known = scenes(50, "test")
        >>> found = read(load_truth_extractor(), draw(known, 32))
        >>> bool(found.possible.all()), bool((found.modes == modes(factors_of(known))).all())
        (True, True)
    """
    parts = [_read(extractor, to_float(chunk)) for chunk in images.split(CHUNK)]
    known, residual = joined([part[0] for part in parts]), torch.cat([part[1] for part in parts])
    return Reading(known, residual, (residual <= TOLERANCE) & in_range(known), modes(factors_of(known)))


def in_range(known: Scenes) -> Tensor:
    """Whether scenes are ones that are drawn: bool (N,)."""
    reach = torch.tensor(STRAYS, device=known.angle.device)[known.count] + SLACK
    placed = (known.middle - 0.5).abs().amax(1) <= reach
    sized = (known.size >= SIZES[0] - SLACK) & (known.size <= SIZES[1] + SLACK)
    return (
        placed & sized & _near(known.colour, palette(), COLOUR_SPREAD) & _near(known.ground, grounds(), GROUND_SPREAD)
    )


def _near(shades: Tensor, named: Tensor, spread: float) -> Tensor:
    off = (shades[:, None] - named.to(shades)).abs().amax(2).amin(1)
    return off <= spread + SHADE_SLACK


def _read(extractor: TruthExtractor, images: Tensor) -> tuple[Scenes, Tensor]:
    """The scenes that fit best, and what is left."""
    features, pictures = extractor(images), (images + 1) / 2
    best, residual = _fitted(extractor.scenes(features), pictures)
    for rank, turned in GUESSES[1:]:
        doubtful = (residual > DOUBTFUL).nonzero().flatten()
        if not len(doubtful):
            break
        guess = extractor.scenes(features[doubtful], rank)
        turn = 2 * torch.pi / periods(guess.shape, guess.count) * turned
        tried, left = _fitted(replace(guess, angle=guess.angle + turn), pictures[doubtful])
        better = left < residual[doubtful]
        best = best.replaced(doubtful[better], tried[better])
        residual[doubtful[better]] = left[better]
    return best, residual


def _fitted(guess: Scenes, pictures: Tensor) -> tuple[Scenes, Tensor]:
    """The scenes near `guess` that fit best, and what is left, (N,) in grey levels."""
    look = lambda pose: _fit(pictures, _posed(guess, pose))  # noqa: E731
    pose = _improved(torch.cat([guess.middle, guess.angle[:, None], guess.size[:, None]], 1), look)
    colour, ground, left = look(pose)
    residual = 255 * left.square().mean((1, 2, 3)).sqrt()
    return replace(_posed(guess, pose), colour=colour, ground=ground), residual


def _posed(guess: Scenes, pose: Tensor) -> Scenes:
    return replace(guess, middle=pose[:, :2], angle=pose[:, 2], size=pose[:, 3])


def _fit(pictures: Tensor, known: Scenes) -> tuple[Tensor, Tensor, Tensor]:
    """The colour and the ground (N, 3) that explain pictures best in this pose, and what they leave, (N, 3, H, W)."""
    covered = covers(known, pictures.shape[-1])[:, None]
    about = covered - covered.mean((2, 3), keepdim=True)
    across = (about * pictures).sum((2, 3), keepdim=True) / about.square().sum((2, 3), keepdim=True).clamp(min=1e-6)
    ground = (pictures - across * covered).mean((2, 3), keepdim=True)
    return (ground + across)[:, :, 0, 0], ground[:, :, 0, 0], pictures - ground - across * covered


Look = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]


def _improved(pose: Tensor, look: Look) -> Tensor:
    """The pose (N, 4) after some rounds of Levenberg's and Marquardt's method; never a worse one."""
    nudges, largest = (torch.tensor(values, device=pose.device) for values in (NUDGES, LARGEST))
    damping = torch.full((len(pose),), DAMPING, device=pose.device)
    left = look(pose)[2].flatten(1)
    for _ in range(ROUNDS):
        moved = [look(pose + nudge)[2].flatten(1) for nudge in torch.diag(nudges)]
        slopes = torch.stack([each - left for each in moved], 2)  # per nudge
        square = slopes.mT @ slopes
        weight = square.diagonal(dim1=1, dim2=2) * damping[:, None] + 1e-6
        change = torch.linalg.solve(square + torch.diag_embed(weight), -(slopes.mT @ left[:, :, None]))[:, :, 0]
        tried = pose + (change * nudges).clamp(-largest, largest)
        then = look(tried)[2].flatten(1)
        better = then.square().sum(1) < left.square().sum(1)
        pose, left = torch.where(better[:, None], tried, pose), torch.where(better[:, None], then, left)
        damping = damping * torch.where(better, EASE, GUARD)
    return pose
