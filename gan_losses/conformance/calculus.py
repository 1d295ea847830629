"""Checks of autograd: first and second derivatives against finite differences."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.autograd import gradcheck as agrees
from torch.autograd import gradgradcheck as agrees_twice

from gan_losses.conformance.base import Failure, demand, uniform
from gan_losses.losses.base import GANLoss

CLEAR = 0.1  # from any kink
TRIES = 1000
PAIRS = 4

Function = Callable[..., Tensor]


def gradcheck(loss: GANLoss) -> str:
    """Autograd's slopes are those of finite differences, in float64. Meant for detached means and clamped logits."""
    for name, function, logits in _functions(loss):
        fits = agrees(function, logits, raise_exception=False, check_undefined_grad=False)
        demand(fits, f"{name}: autograd's slopes are not those of finite differences; is a part detached?")
    return f"both agree with finite differences at {PAIRS} pairs of logits"


def gradgradcheck(loss: GANLoss) -> str:
    """Second derivatives too. Meant for functions of one's own with a backward that cannot be differentiated again."""
    one = torch.ones(
        (), dtype=torch.float64, requires_grad=True
    )  # given, or it would be drawn from the global generator
    for name, function, logits in _functions(loss):
        fits = agrees_twice(function, logits, (one,), raise_exception=False, check_undefined_grad=False)
        demand(fits, f"{name}: autograd's second derivatives are not those of finite differences")
    return f"both agree with finite differences at {PAIRS} pairs of logits"


def _functions(loss: GANLoss) -> list[tuple[str, Function, tuple[Tensor, ...]]]:
    """Name, function and arguments of both losses."""
    real, fake = (logits.requires_grad_() for logits in _clear_of_kinks(loss))
    generator: tuple[Tensor, ...] = (fake, real) if loss.pairs_logits else (fake,)
    return [("L_D", loss.discriminator, (real, fake)), ("L_G", loss.generator, generator)]


def _clear_of_kinks(loss: GANLoss) -> tuple[Tensor, Tensor]:
    for attempt in range(TRIES):
        real, fake = uniform(f"calculus/{attempt}", 2, PAIRS, 1)
        kinks = torch.tensor(loss.kinks, dtype=torch.float64)
        if not kinks.numel() or (_counted(loss, real, fake) - kinks).abs().min() >= CLEAR:
            return real, fake
    raise Failure(f"no logits are {CLEAR:g} from all of the {len(loss.kinks)} kinks {loss.kinks}")


def _counted(loss: GANLoss, real: Tensor, fake: Tensor) -> Tensor:
    """(K, 1): the numbers that may fall on a kink: logits, or their differences from each other and from both means."""
    if not loss.pairs_logits:
        return torch.cat([real, fake])
    apart = torch.cat([(real - fake.T).reshape(-1, 1), real - fake.mean(), real.mean() - fake])
    return torch.cat([apart, -apart])
