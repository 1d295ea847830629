"""Checks of what a loss declares of its optima: by search over constants, and by training."""

from collections.abc import Sequence
from itertools import product
from math import fsum

import torch
from torch import Tensor

from gan_losses.conformance.base import Skip, constant, demand
from gan_losses.losses.base import Band, GANLoss, generator_loss

REACHES = (8.0, 64.0, 512.0)  # around the boundary; the next one where the minimum lies at an end
CELLS = 1024
LEVEL = 1e-9  # above the minimum, still flat
HALVINGS = 50
# How often each of four points comes up among 8 real and among 8 fake ones; and ratios that smooth losses find hard.
DATA, MODEL = (1, 2, 4, 1), (3, 1, 1, 3)
RARE = 1e-6
FARTHEST = 1e4  # that training goes
STEPS = 300
FIRST_RATE, LAST_RATE = 0.2, 1e-4  # of the distance that the logits have to go
NEAR = 1e-4
SUMMED = 1e-6  # relative; sums of numbers a million apart


def equilibrium(loss: GANLoss) -> str:
    """Both losses have the declared values where D is the best constant, as it is at p_g = p_data.

    Meant for values copied from another convention. A band has to be reached at both ends; the boundary has to be a best
    constant, too.
    """
    declared = loss.equilibrium
    if declared.discriminator is None and declared.generator is None:
        raise Skip("no equilibrium declared")
    lowest, minimisers = _best_constants(loss)
    if loss.boundary is not None:
        above = _at_constant(loss, loss.boundary) - lowest
        demand(above <= 1e-6, f"L_D is {above:.3g} above its minimum at the declared boundary {loss.boundary:g}")
    _compare("L_D", declared.discriminator, [lowest], 1e-6)
    found = [generator_loss(loss, constant(at, 2, 1), constant(at, 2, 1)).item() for at in minimisers]
    _compare("L_G", declared.generator, found, 1e-4)
    said = "not declared" if declared.generator is None else _range(found)
    place = "any D" if len(minimisers) > CELLS else f"D = {_range(minimisers)}"
    return f"L_D {round(lowest, 9) + 0.0:.6g}, L_G {said}, at {place}"


def _range(values: Sequence[float]) -> str:
    ends = [f"{round(end, 6) + 0.0:.4g}" for end in (min(values), max(values))]  # + 0.0 turns -0 into 0
    return ends[0] if ends[0] == ends[1] else f"[{ends[0]}, {ends[1]}]"


def _compare(name: str, declared: Band, found: Sequence[float], tolerance: float) -> None:
    if declared is None:
        return
    low, high = declared if isinstance(declared, tuple) else (declared, declared)
    allowed = tolerance * max(1.0, abs(low), abs(high))
    inside = low - allowed <= min(found) and max(found) <= high + allowed
    # L_D has one minimum, which may be declared as a band; L_G has to fill its own.
    reached = name == "L_D" or (min(found) <= low + allowed and max(found) >= high - allowed)
    said = f"[{low:.6g}, {high:.6g}]" if low != high else f"{low:.6g}"
    demand(inside and reached, f"{name} is {_range(found)} at the best constant D, {said} is declared")


def _at_constant(loss: GANLoss, logit: float) -> float:
    return loss.discriminator(constant(logit, 2, 1), constant(logit, 2, 1)).item()


def _best_constants(loss: GANLoss) -> tuple[float, list[float]]:
    """The lowest L_D(t, t), and every t of a grid that has it, with both ends of where it is flat."""
    for reach in REACHES:
        step = 2 * reach / CELLS
        grid = [(loss.boundary or 0.0) - reach + step * cell for cell in range(CELLS + 1)]
        values = [_at_constant(loss, logit) for logit in grid]
        best = min(range(len(grid)), key=values.__getitem__)
        lowest, logit = min((values[best], grid[best]), _narrowed(loss, grid[best] - step, grid[best] + step))
        flat = [place for place, value in enumerate(values) if value - lowest <= LEVEL * max(1.0, abs(lowest))]
        if any(0 < place < CELLS for place in [best, *flat]):
            break
    if len(flat) < 2:
        return lowest, [logit]
    if len(flat) > CELLS:
        return lowest, grid
    ends = [_edge(loss, lowest, grid[flat[0]], -step), _edge(loss, lowest, grid[flat[-1]], step)]
    return lowest, [ends[0], *(grid[place] for place in flat), ends[1]]


def _narrowed(loss: GANLoss, low: float, high: float) -> tuple[float, float]:
    """The lowest value between, and where it is, by thirds."""
    for _ in range(HALVINGS):
        third = (high - low) / 3
        if _at_constant(loss, low + third) <= _at_constant(loss, high - third):
            high -= third
        else:
            low += third
    middle = (low + high) / 2
    return _at_constant(loss, middle), middle


def _edge(loss: GANLoss, lowest: float, inside: float, step: float) -> float:
    """How far the flat part goes on beyond `inside`, by halves."""
    for _ in range(HALVINGS):
        step /= 2
        if _at_constant(loss, inside + step) - lowest <= LEVEL * max(1.0, abs(lowest)):
            inside += step
    return inside


def optimum(loss: GANLoss) -> str:
    """A discriminator with one free logit per point comes by training to the declared D*, and not below its loss.

    Meant for optima of another loss. Beside it, D* has to be stationary with a ratio of a million between the densities.
    """
    data, model = _probabilities()
    declared = loss.optimum(data, model)
    if declared is None:
        raise Skip("no optimum declared")
    demand(declared.shape == data.shape, f"D* has the shape {tuple(declared.shape)} for densities {tuple(data.shape)}")
    trained = _train(loss, declared)
    reached, at_declared = _expected(loss, trained).item(), _expected(loss, declared).item()
    allowed = NEAR * max(1.0, abs(at_declared))
    said = f"L_D is {at_declared:.6g} at the declared D* {_texts(declared)}"
    demand(at_declared <= reached + allowed / 100, f"{said}, training finds {reached:.6g} at {_texts(trained)}")
    demand(reached <= at_declared + allowed, f"{said}, training ends at {reached:.6g} with {_texts(trained)}")
    if not loss.pairs_logits:
        for densities in (_probabilities(), _rare()):
            _stationary(loss, *densities)
    apart = trained - declared
    apart = apart - apart.mean() if loss.pairs_logits else apart  # only differences count
    return f"reached within {apart.abs().max().item():.1g}"


def _texts(logits: Tensor) -> str:
    return "(" + ", ".join(f"{logit:.3g}" for logit in logits.tolist()) + ")"


def _stationary(loss: GANLoss, data: Tensor, model: Tensor) -> None:
    """Whether the loss falls on the left of D* and rises on its right, which holds at kinks, too."""
    declared = loss.optimum(data, model)
    assert declared is not None
    finite = declared.clamp(-FARTHEST / RARE, FARTHEST / RARE)  # a bounded loss's D* is infinite
    for real, fake, logit in zip(data.tolist(), model.tolist(), finite.tolist(), strict=True):
        away = NEAR * max(1.0, abs(logit))
        for side in (-1, 1):
            pull, size = _pull(loss, real, fake, logit + side * away)
            where = f"for densities {real:.6g} and {fake:.6g}"
            fits = side * pull >= -size * 1e-9
            demand(fits, f"the declared D* = {logit:.6g} {where} is not stationary: L_D still falls beyond it")


def _pull(loss: GANLoss, real: float, fake: float, logit: float) -> tuple[float, float]:
    """The slope of the expected loss by the logit of a point of these densities, and the size of its parts."""
    r, f = (constant(logit).requires_grad_() for _ in range(2))
    by_real, by_fake = (slope.item() for slope in torch.autograd.grad(loss.discriminator(r, f), [r, f]))
    straight, swapped = 1 - loss.flip, loss.flip
    parts = (real * (straight * by_real + swapped * by_fake), fake * (straight * by_fake + swapped * by_real))
    return sum(parts), sum(map(abs, parts))


def divergence(loss: GANLoss) -> str:
    """L_D at its minimum is the declared divergence of data and model. Meant for factors and constants gone astray.

    At the minimum that training finds, and, with a ratio of a million between the densities, at the declared D*.
    """
    data, model = _probabilities()
    declared, optimal = loss.optimal_loss(data, model), loss.optimum(data, model)
    if declared is None:
        raise Skip("no divergence declared")
    lowest = _expected(loss, _train(loss, optimal)).item()
    lowest = lowest if optimal is None else min(lowest, _expected(loss, optimal).item())
    _agree(lowest, declared.item(), NEAR, "")
    rare = _rare()
    far, optimal = loss.optimal_loss(*rare), loss.optimum(*rare)
    if far is not None and optimal is not None:
        _agree(_crossed(loss, optimal, *rare), far.item(), SUMMED, f" for densities {RARE:g} and 1")
    return f"{declared.item():.6g}, found {lowest:.6g}"


def _agree(found: float, declared: float, tolerance: float, where: str) -> None:
    fits = abs(found - declared) <= tolerance * max(1.0, abs(declared))
    demand(fits, f"the lowest L_D is {found:.6g}{where}, {declared:.6g} is declared")


def _probabilities() -> tuple[Tensor, Tensor]:
    data, model = (torch.tensor(counts, dtype=torch.float64) / sum(counts) for counts in (DATA, MODEL))
    return data, model


def _rare() -> tuple[Tensor, Tensor]:
    data = torch.tensor([RARE, 1 - RARE], dtype=torch.float64)
    return data, data.flip(0)


def _places() -> tuple[Tensor, Tensor]:
    """The point of each real and of each fake one, all with all: losses that pair logits are exact, too."""
    counted = [[point for point, count in enumerate(counts) for _ in range(count)] for counts in (DATA, MODEL)]
    places = torch.tensor(list(product(*counted)))
    return places[:, :1], places[:, 1:]


def _expected(loss: GANLoss, logits: Tensor) -> Tensor:
    """L_D with one logit per point, over both distributions and the label flips."""
    of_real, of_fake = _places()
    return _flipped(loss, logits[of_real], logits[of_fake])


def _flipped(loss: GANLoss, real: Tensor, fake: Tensor) -> Tensor:
    straight = loss.discriminator(real, fake)
    return straight if not loss.flip else (1 - loss.flip) * straight + loss.flip * loss.discriminator(fake, real)


def _crossed(loss: GANLoss, logits: Tensor, data: Tensor, model: Tensor) -> float:
    """L_D with one logit per point, by the loss of every pair of points and its probability."""
    pairs = product(zip(data.tolist(), logits, strict=True), zip(model.tolist(), logits, strict=True))
    costs = (p * q * _flipped(loss, real.reshape(1, 1), fake.reshape(1, 1)).item() for (p, real), (q, fake) in pairs)
    return fsum(costs)


def _train(loss: GANLoss, declared: Tensor | None) -> Tensor:
    """Logits of four points, trained by Adam with a falling rate from the boundary on, and stretched if that helps."""
    scale = 1.0 if declared is None else max(1.0, declared.abs().clamp_max(FARTHEST).max().item())
    start = constant(loss.boundary or 0.0, len(DATA))
    logits = start.clone().requires_grad_()
    optimizer = torch.optim.Adam([logits], scale * FIRST_RATE, betas=(0.9, 0.99), eps=1e-12)
    falling = torch.optim.lr_scheduler.ExponentialLR(optimizer, (LAST_RATE / FIRST_RATE) ** (1 / STEPS))
    for _ in range(STEPS):
        optimizer.zero_grad()
        _expected(loss, logits).backward()
        optimizer.step()
        falling.step()
    # The best logits of a bounded loss, total variation's say, are infinite.
    stretched = [start + stretch * (logits.detach() - start) for stretch in (1, 2, 4, 8)]
    return min(stretched, key=lambda logits: _expected(loss, logits).item())
