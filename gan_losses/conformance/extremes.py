"""Checks of arithmetic: far from zero, and in short numbers."""

from itertools import product

import torch
from torch import Tensor

from gan_losses.conformance.base import REACH, Term, constant, demand, measure, uniform
from gan_losses.losses.base import GANLoss

EXTREMES = (-REACH, -17.5, 0.0, 17.5, REACH)
GRID = tuple(float(logit) for logit in range(-int(REACH), int(REACH) + 1))
PRECISION = 1e-4  # of float32; rounding alone is 1e-7, of exp at ±60 1e-5
SMALL = 0.01  # below it errors are absolute: a slope near its zero is a difference of rounded numbers
SHORT = 0.05  # bfloat16 has three digits


def finite(loss: GANLoss) -> str:
    """Values and slopes are finite at logits up to ±60. Meant for log(1 - σ(f)), which is -∞ from 17 on.

    In float32 and bfloat16. Where only differences count, they are what is kept within ±60.
    """
    largest = 0.0
    for dtype, real, fake in product((torch.float32, torch.bfloat16), EXTREMES, EXTREMES):
        if loss.pairs_logits and abs(real - fake) > REACH:
            continue
        for term in measure(loss, constant(real, dtype=dtype), constant(fake, dtype=dtype)):
            for name, found in term.parts():
                where = f"at r = {real:g}, f = {fake:g} in {str(dtype).removeprefix('torch.')}"
                demand(bool(torch.isfinite(found).all()), f"{name} is {found.item():g} {where}")
            largest = max(largest, term.by_real.abs().item(), term.by_fake.abs().item())
    return f"|slope| up to {largest:.2g}"


def precision(loss: GANLoss) -> str:
    """Float32 agrees with float64 at logits in [-60, 60]. Meant for log(1 - σ(f)), which is off by 2 % at f = 17.

    Values and slopes, within 1e-4 relatively, or 1e-6 absolutely where they are below 0.01.
    """
    worst = {"value": 0.0, "slope": 0.0}
    for logit, side in product(GRID, ("r", "f")):
        short, exact = (_beside_zero(loss, logit, side, dtype) for dtype in (torch.float32, torch.float64))
        for one, other in zip(short, exact, strict=True):
            for (name, found), (_, expected) in zip(one.parts(), other.parts(), strict=True):
                error = _error(found, expected, SMALL)
                demand(error <= PRECISION, f"{name} is off by {error:.2g} in float32 at {side} = {logit:g}")
                kind = "value" if name == one.name else "slope"
                worst[kind] = max(worst[kind], error)
    return f"off by at most {worst['value']:.1g} (values), {worst['slope']:.1g} (slopes)"


def _beside_zero(loss: GANLoss, logit: float, side: str, dtype: torch.dtype) -> tuple[Term, Term]:
    """Both terms at one logit, the other being 0."""
    given, zero = constant(logit, dtype=dtype), constant(0.0, dtype=dtype)
    return measure(loss, given, zero) if side == "r" else measure(loss, zero, given)


def _error(found: Tensor, exact: Tensor, floor: float) -> float:
    """Relative to the exact number, or to the floor if it is smaller; infinite for NaN."""
    error = ((found.double() - exact).abs() / exact.abs().clamp_min(floor)).max()
    return error.nan_to_num(float("inf"), float("inf")).item()


def autocast(loss: GANLoss) -> str:
    """Under autocast on bfloat16 logits both losses are finite, near their float64 values, and differentiable.

    Meant for functions that autocast refuses, and for sums over a batch in eight bits.
    """
    real, fake = uniform("autocast", 2, 32, 1).bfloat16()
    worst = 0.0
    with torch.autocast("cpu", dtype=torch.bfloat16):
        short = measure(loss, real, fake)
    for one, other in zip(short, measure(loss, real.double(), fake.double()), strict=True):
        error = _error(one.value, other.value, 1.0)
        demand(
            error <= SHORT, f"{one.name} is {one.value.item():.4g} under autocast, {other.value.item():.4g} in float64"
        )
        for name, found in list(one.parts())[1:]:
            demand(bool(torch.isfinite(found).all()), f"{name} is not finite under autocast")
        arrives = bool(one.by_fake.any()) or not other.by_fake.any()
        demand(arrives, f"∂{one.name}/∂f is 0 everywhere under autocast")
        worst = max(worst, error)
    return f"off by {worst:.1g}"
