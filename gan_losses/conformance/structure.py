"""Checks of form: what the losses do with a batch, and which way their slopes point."""

import torch

from gan_losses.conformance.base import EXACT, REACH, Skip, batch, constant, demand, difference, measure
from gan_losses.losses.base import GANLoss
from gan_losses.losses.base import slope as slope_of

SHAPES = ((12,), (12, 1, 1, 1), (3, 1, 2, 2), (2, 1, 2, 3))
UPHILL = 1e-12
DEAD = 1e-3  # of the slope one logit below the boundary


def shapes(loss: GANLoss) -> str:
    """The same logits count the same as (M,), (M, 1), (M, 1, 1, 1) and patch maps (N, 1, h, w).

    Meant for sums over patches divided by the batch, and for labels of one shape that broadcast against another.
    """
    real, fake = batch("shapes", 12)
    expected = measure(loss, real, fake)
    worst = 0.0
    for shape in SHAPES:
        apart, where = difference(measure(loss, real.reshape(shape), fake.reshape(shape)), expected)
        demand(apart <= EXACT, f"{where} of shape {shape} differs from (12, 1) by {apart:.2g}")
        worst = max(worst, apart)
    return f"differ by {worst:.1g} at most"


def mean(loss: GANLoss) -> str:
    """A batch joined to itself costs the same. Meant for sums in place of means."""
    real, fake = batch("mean")
    twice = measure(loss, torch.cat([real, real]), torch.cat([fake, fake]))
    for one, other in zip(twice, measure(loss, real, fake), strict=True):
        apart = ((one.value - other.value).abs() / other.value.abs().clamp_min(1)).item()
        demand(apart <= EXACT, f"{one.name} is {one.value:.6g} for the batch twice, {other.value:.6g} for it once")
    return "the batch twice costs the same"


def permutation(loss: GANLoss) -> str:
    """The order within a batch does not count; with `pairs_logits`, the order of pairs.

    Meant for losses that pair logits by place and do not say so; those that say so need not, the figure tells.
    """
    real, fake = batch("permutation")
    expected = [term.value for term in measure(loss, real, fake)]

    def moved(turn: int) -> float:
        terms = measure(loss, real.roll(2, 0), fake.roll(turn, 0))
        return max((term.value - value).abs().item() for term, value in zip(terms, expected, strict=True))

    if loss.pairs_logits:
        demand(moved(2) <= EXACT, f"pairs in another order cost {moved(2):.2g} more or less")
        return "pairs in any order" if moved(3) > EXACT else "real and fake in any order, each by itself"
    demand(moved(3) <= EXACT, f"real and fake in another order cost {moved(3):.2g} more or less")
    return "real and fake in any order"


def order(loss: GANLoss) -> str:
    """At the boundary the discriminator wants r up and f down. Meant for (fake, real) in the place of (real, fake)."""
    if not loss.trains_discriminator:
        raise Skip("a control without an adversary")
    at = loss.boundary or 0.0
    term, _ = measure(loss, constant(at, 4, 1), constant(at, 4, 1))
    by_real, by_fake = term.by_real.max().item(), term.by_fake.min().item()
    demand(by_real < 0, f"∂L_D/∂r = {by_real:.3g} at the boundary, it has to be negative: (real, fake) is the order")
    demand(by_fake > 0, f"∂L_D/∂f = {by_fake:.3g} at the boundary, it has to be positive: (real, fake) is the order")
    return f"∂L_D/∂r = {by_real:.3g}, ∂L_D/∂f = {by_fake:.3g}"


def _climb(loss: GANLoss, fake: float) -> float:
    """The generator's slope at one fake logit, beside a real one of 0."""
    return slope_of(loss, constant(fake), constant(0.0)).item()


def slope(loss: GANLoss) -> str:
    """The generator wants its logits up, all the way to `target`. Meant for generators with the discriminator's labels."""
    logits = [logit / 2 for logit in range(-2 * int(REACH), 2 * int(REACH) + 1) if logit / 2 < loss.target]
    if not logits:
        raise Skip(f"the declared target {loss.target:g} is beneath all logits")
    steepest = max((_climb(loss, logit), logit) for logit in logits)
    where = f"at f = {steepest[1]:g}, below the declared target {loss.target:g}"
    demand(steepest[0] <= UPHILL, f"∂L_G/∂f = {steepest[0]:.3g} {where}")
    return f"never uphill in [{logits[0]:g}, {logits[-1]:g}]"


def alive(loss: GANLoss) -> str:
    """The generator's slope survives where D wins, unless `saturates` says that it does not; then it has to die.

    Meant for log(σ(f) + ε), whose ε fabricates saturation (-9e-19 at -60 instead of -1), for least squares behind a
    sigmoid, and for saturating losses that do not say so. Measured down to 60 below the boundary, against the slope one
    below it.
    """
    if not loss.trains_discriminator:
        raise Skip("a control without an adversary")
    base = min(loss.boundary or 0.0, loss.target)
    near = abs(_climb(loss, base - 1))
    demand(near > 0, f"∂L_G/∂f = 0 at f = {base - 1:g}, where the generator should learn")
    along = {base - away: abs(_climb(loss, base - away)) / near for away in range(2, int(REACH) + 1)}
    figure = f"the slope at f = {base - REACH:g} is {along[base - REACH]:.2g} of that at {base - 1:g}"
    if loss.saturates:
        demand(along[base - REACH] < DEAD, f"declared to saturate, but {figure}")
        return figure
    weakest = min(along, key=along.__getitem__)
    said = f"the slope at f = {weakest:g} is {along[weakest]:.2g} of that at {base - 1:g}"
    demand(along[weakest] >= DEAD, f"saturates without saying so: {said}")
    return figure
