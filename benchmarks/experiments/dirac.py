"""Dirac-GAN: data at 0, a generator that is one point θ, a discriminator D(x) = ψx. What converges, in closed form."""

import cmath
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor
from torch.autograd.functional import jacobian

from benchmarks.experiments.base import Check, Experiment, Json, Result
from benchmarks.experiments.workplace import Workplace
from gan_losses.losses import GANLoss, discriminator_loss, generator_loss, get_loss
from gan_losses.penalties import Update

LOSSES = ("minimax", "bce", "lsgan", "wgan", "hinge", "rpgan")
PENALTIES = ("", "r1:0.3", "gp:0.35", "r1:0.3+r2:0.3")
ALSO = (  # to complete the known table
    ("minimax", "r1:1"),
    ("bce", "r1:1"),
    ("minimax", "r2:0.3"),
    ("bce", "r2:0.3"),
    ("wgan", "gp0:0.3"),
    ("ragan", ""),
)
# Loss -> the derivatives at 0 of its generator's term and of its discriminator's by the fake logit, by hand.
AT_REST = {
    "minimax": (-0.5, 0.5),
    "bce": (-0.5, 0.5),
    "lsgan": (-1.0, 0.0),
    "wgan": (-1.0, 1.0),
    "hinge": (-1.0, 1.0),
    "rpgan": (-0.5, 0.5),
    "ragan": (-1.0, 1.0),
}
# Penalties -> how much they damp ψ; None has no derivative where D is constant.
DAMPING: dict[str, float | None] = {
    "": 0.0,
    "r1:0.3": 0.3,
    "r1:1": 1.0,
    "r2:0.3": 0.3,
    "gp0:0.3": 0.3,
    "r1:0.3+r2:0.3": 0.6,
    "gp:0.35": None,
}
STEP, START, REACH, ARROWS = 0.2, 1.0, 2.0, 10
SCHEDULES = {"Sim": 0, "Alt": 1, "Alt 5": 5}  # updates of D after one of G; 0 is both at once


@dataclass(frozen=True)
class Settings:
    """Which games are played, and how long.

    Attributes:
        losses: each with each of `penalties`.
        penalties: as they are spelled behind a loss; "" is none.
        also: further pairs of a loss and its penalties.
        steps: of the generator.
    """

    losses: tuple[str, ...] = LOSSES
    penalties: tuple[str, ...] = PENALTIES
    also: tuple[tuple[str, str], ...] = ALSO
    steps: int = 500


def generator_pull(loss: GANLoss, theta: Tensor, psi: Tensor, graph: bool = False) -> Tensor:
    """-∂L_G/∂θ, perhaps with its graph: real logit 0, fake logit ψθ.

    Example:
        >>> place = torch.ones((), dtype=torch.float64, requires_grad=True)
        >>> generator_pull(get_loss("wgan"), place, 3 * place.detach()).item()
        3.0
    """
    theta = theta.clone()  # for the partial derivative, whatever ψ is made of
    fake, real = (psi * theta).reshape(1, 1), torch.zeros(1, 1, dtype=theta.dtype)
    return -torch.autograd.grad(generator_loss(loss, fake, real), theta, create_graph=graph)[0]


def discriminator_pull(loss: GANLoss, theta: Tensor, psi: Tensor, graph: bool = False) -> Tensor:
    """-∂L_D/∂ψ of the adversarial term and the penalties, perhaps with its graph.

    Example:
        >>> place = torch.ones((), dtype=torch.float64, requires_grad=True)
        >>> discriminator_pull(get_loss("wgan+r1:0.5"), place.detach(), place).item()  # -(1 + 0.5)
        -1.5
    """
    psi = psi.clone()  # for the partial derivative: θ may have moved by it
    real, random = torch.zeros(1, 1, 1, 1, dtype=theta.dtype), torch.Generator()
    update = Update(lambda images: (psi * images).flatten(1), real, real, random)
    update.fake = theta.reshape(real.shape)  # on its graph: the field itself is to be differentiated by θ
    return -torch.autograd.grad(discriminator_loss(loss, update), psi, create_graph=graph)[0]


def field(loss: GANLoss, state: Tensor, graph: bool = False) -> Tensor:
    """The pulls on (θ, ψ), where both move at once."""
    theta, psi = state if graph else state.clone().requires_grad_()
    return torch.stack([generator_pull(loss, theta, psi, graph), discriminator_pull(loss, theta, psi, graph)])


def stepped(loss: GANLoss, state: Tensor, updates: int, graph: bool = False) -> Tensor:
    """(θ, ψ) after a step of gradient descent.

    Args:
        loss: with its penalties.
        state: (θ, ψ).
        updates: of D, after G's and with the new θ; 0 moves both at once.
        graph: whether the result is to be differentiated by the state.
    """
    theta, psi = state if graph else state.clone().requires_grad_()
    moved = theta + STEP * generator_pull(loss, theta, psi, graph)
    for _ in range(max(1, updates)):
        psi = psi + STEP * discriminator_pull(loss, moved if updates else theta, psi, graph)
    return torch.stack([moved, psi])


def trajectory(loss: GANLoss, updates: int, steps: int) -> list[list[float]]:
    """(θ, ψ) at the start (1, 1) and after every step."""
    state = torch.full((2,), START, dtype=torch.float64)
    found = [state.tolist()]
    for _ in range(steps):
        state = stepped(loss, state, updates).detach()
        found.append(state.tolist())
    return found


def play(loss: str, penalties: str, steps: int) -> Json:
    """All that is asked of one game.

    Args:
        loss: its name.
        penalties: as they are spelled behind it.
        steps: of each trajectory.

    Returns:
        `paths` by schedule; `arrows`, [θ, ψ, pull on θ, pull on ψ] on a grid; and where there is a Jacobian at (0, 0), its
        `eigenvalues` as [[re, im], [re, im]] and the `radii` of a step by schedule, else {} for both.
    """
    game = get_loss(spelled(loss, penalties))
    grid = torch.linspace(-REACH, REACH, ARROWS, dtype=torch.float64)
    return {
        **(at_rest(game) if closed_eigenvalues(loss, penalties) else {"eigenvalues": [], "radii": {}}),
        "paths": {name: trajectory(game, updates, steps) for name, updates in SCHEDULES.items()},
        "arrows": [[*place.tolist(), *field(game, place).tolist()] for place in torch.cartesian_prod(grid, grid)],
    }


def at_rest(game: GANLoss) -> Json:
    """Eigenvalues of the field's Jacobian at (0, 0), and spectral radii of the steps', by autograd."""
    rest = torch.zeros(2, dtype=torch.float64)
    eigenvalues = torch.linalg.eigvals(jacobian(lambda state: field(game, state, graph=True), rest))
    steps = {
        name: jacobian(lambda state, n=n: stepped(game, state, n, graph=True), rest) for name, n in SCHEDULES.items()
    }
    return {
        "eigenvalues": [[each.real, each.imag] for each in eigenvalues.tolist()],
        "radii": {name: torch.linalg.eigvals(matrix).abs().max().item() for name, matrix in steps.items()},
    }


def closed_eigenvalues(loss: str, penalties: str) -> list[complex] | None:
    """-γ/2 ± √(γ²/4 + φ_g' φ_f'), γ the damping; None where the game has no Jacobian at rest.

    Derived from arXiv:1801.04406, lemma 2.3 and appendix D; the square of f'(0) is as in arXiv:2501.05441's Jacobian.

    Example:
        >>> closed_eigenvalues("rpgan", "r1:1")
        [(-0.5+0j), (-0.5+0j)]
    """
    damping = DAMPING[penalties]
    if damping is None:
        return None
    by_generator, by_fake = AT_REST[loss]
    root = cmath.sqrt(damping**2 / 4 + by_generator * by_fake)
    return [-damping / 2 + root, -damping / 2 - root]


def spelled(loss: str, penalties: str) -> str:
    """What `get_loss` reads.

    Example:
        >>> spelled("bce", "r1:1"), spelled("bce", "")
        ('bce+r1:1', 'bce')
    """
    return "+".join([loss, penalties]) if penalties else loss


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Every game: eigenvalues beside the closed form, and where each schedule ends."""
    pairs = [(loss, penalties) for loss in settings.losses for penalties in settings.penalties]
    pairs += [pair for pair in settings.also if pair not in pairs]
    pieces = [{"loss": loss, "penalties": penalties, "steps": settings.steps} for loss, penalties in pairs]
    found = workplace.map(play, pieces)
    rows = [_row(pair, each) for pair, each in zip(pairs, found, strict=True)]
    games = [
        {"loss": loss, "penalties": penalties, "paths": each["paths"], "arrows": each["arrows"]}
        for (loss, penalties), each in zip(pairs, found, strict=True)
    ]
    return Result(rows, list(_checks(rows)), {"reach": REACH, "games": games})


def _row(pair: tuple[str, str], found: Mapping[str, Any]) -> Json:
    known, eigenvalues = closed_eigenvalues(*pair), [complex(*each) for each in found["eigenvalues"]]
    return {
        "game": spelled(*pair),
        "eigenvalue": _written(eigenvalues[0]) if known else "no derivative",
        "closed form": _written(known[0]) if known else "none",
        "error": _distance(eigenvalues, known) if known else None,
        **{f"radius {name}": found["radii"].get(name) for name in SCHEDULES},
        **{f"end {name}": math.hypot(*path[-1]) for name, path in found["paths"].items()},
    }


def _written(number: complex) -> str:
    return f"{number.real + 0.0:.4g} ± {abs(number.imag):.5g} i"


def _distance(found: Sequence[complex], known: Sequence[complex]) -> float:
    """The larger of both differences, in the order that fits better."""
    return min(max(abs(a - b) for a, b in zip(found, order, strict=True)) for order in (known, known[::-1]))


# Game -> the spectral radii of a step of 0.2, simultaneous and alternating; derived.
RADII = {
    **dict.fromkeys(("minimax", "bce", "rpgan"), (1.004988, 1.0)),
    **dict.fromkeys(("wgan", "hinge", "ragan"), (1.019804, 1.0)),
    **dict.fromkeys(("minimax+r1:0.3", "bce+r1:0.3", "minimax+r2:0.3", "bce+r2:0.3"), (0.974679, 0.969536)),
    **dict.fromkeys(("minimax+r1:1", "bce+r1:1"), (0.9, 0.927016)),
    "wgan+gp0:0.3": (0.989949, 0.969536),
    "rpgan+r1:0.3+r2:0.3": (0.943398, 0.938083),
}
FREE = ("minimax", "bce", "wgan", "hinge", "rpgan", "ragan")  # undamped, and turning: alternating steps keep an area
# Game, schedule -> the norm after 500 steps, and its band.
ENDS: tuple[tuple[str, str, str, float | None, float | None], ...] = (
    ("minimax", "Sim", "3.35, spirals out", 3.345, 3.355),
    ("minimax", "Alt", "1.50, orbits", 1.495, 1.505),
    ("bce", "Sim", "0.64, no linear rate", 0.627, 0.653),
    ("bce", "Alt", "0.27, no linear rate", 0.2646, 0.2754),
    ("wgan", "Sim", "stays away", 0.5, None),
    ("wgan", "Alt", "stays away", 0.5, None),
    ("hinge", "Sim", "stays away", 0.5, None),
    ("hinge", "Alt", "stays away", 0.5, None),
    ("wgan+gp:0.35", "Sim", "1.76", 1.755, 1.765),
    ("wgan+gp:0.35", "Alt", "1.28", 1.275, 1.285),
    ("wgan+gp:0.35", "Alt 5", "0.69", 0.685, 0.695),
    ("minimax+r1:0.3", "Sim", "converges", None, 1e-4),
    ("minimax+r1:0.3", "Alt", "converges", None, 1e-4),
    ("bce+r1:0.3", "Alt", "converges", None, 1e-4),
    ("rpgan+r1:0.3+r2:0.3", "Sim", "converges", None, 1e-4),
    ("rpgan+r1:0.3+r2:0.3", "Alt", "converges", None, 1e-4),
)


def _checks(rows: Sequence[Json]) -> Iterator[Check]:
    by_game = {row["game"]: row for row in rows}
    errors = [row["error"] for row in rows if row["error"] is not None]
    yield Check(f"eigenvalues of {len(errors)} games: largest error", "0, derived", max(errors), high=1e-6)
    pairs = [
        (by_game[game][f"radius {schedule}"], radius)
        for game, radii in RADII.items()
        if game in by_game
        for schedule, radius in zip(("Sim", "Alt"), radii, strict=True)
    ]
    yield Check(
        f"{len(pairs)} spectral radii of a step: largest error",
        "0, derived, to six decimals",
        max(abs(ours - known) for ours, known in pairs),
        high=1e-6,
    )
    free = chain(*(([by_game[game]["radius Alt"]] if game in by_game else []) for game in FREE))
    yield Check(
        "undamped, alternating: ||eigenvalue| - 1|",
        "0, derived from arXiv:1801.04406, lemma 2.4",
        max(abs(radius - 1) for radius in free),
        high=1e-9,
    )
    for game, schedule, published, low, high in ENDS:
        if game in by_game:
            words = f"{game}, {schedule}: distance from rest at the end"
            yield Check(words, f"{published}, arXiv:1801.04406", by_game[game][f"end {schedule}"], low, high)


EXPERIMENT = Experiment(
    name="dirac",
    summary="Which losses and penalties converge in the smallest GAN there is?",
    source="arXiv:1801.04406; eigenvalues and ends derived in float64",
    reading="Across the generator's point θ, up the discriminator's slope ψ; arrows are the directions of descent, lines 500 "
    "steps of 0.2 from (1, 1). A line that ends in the middle has converged; one that orbits or leaves never will.",
    cost="short 5 s, full 30 s",
    scales={
        "short": Settings(losses=("minimax",), penalties=("", "r1:0.3"), also=()),
        "full": Settings(),
    },
    measure=measure,
)
