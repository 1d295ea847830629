"""What all checks share: how they end, the numbers they draw, and both losses measured on a batch."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from gan_losses.losses.base import GANLoss, generator_loss
from gan_losses.random import keyed_generator

Status = Literal["passed", "failed", "skipped"]
Check = Callable[[GANLoss], str]  # returns its figure; raises Failure or Skip
EXACT = 1e-9  # relative; float64 rounds at 2e-16
REACH = 60.0  # logits that a winning discriminator gives


class Failure(Exception):  # noqa: N818, it is an outcome
    """The loss does not pass; says in a sentence what was found."""


class Skip(Exception):  # noqa: N818, likewise
    """The check does not apply to this loss; says why."""


@dataclass(frozen=True)
class Outcome:
    """How a check ended.

    Attributes:
        check: its name in `CHECKS`.
        status: "passed", "failed" or "skipped".
        figure: what it measured; for the others the reason.
    """

    check: str
    status: Status
    figure: str


@dataclass(frozen=True)
class Term:
    """One network's loss on a batch.

    Attributes:
        name: "L_D" or "L_G".
        value: the scalar.
        by_real: its derivative by each real logit times their number, so that a mean's is that of one logit.
        by_fake: likewise by each fake one.
    """

    name: str
    value: Tensor
    by_real: Tensor
    by_fake: Tensor

    def parts(self) -> Iterator[tuple[str, Tensor]]:
        """All three, with what to call them."""
        yield self.name, self.value
        yield f"∂{self.name}/∂r", self.by_real
        yield f"∂{self.name}/∂f", self.by_fake


def demand(holds: bool, sentence: str) -> None:
    """Raise a failure unless something holds."""
    if not holds:
        raise Failure(sentence)


def first_line(error: BaseException) -> str:
    r"""An exception as "Type: its first line".

    Example:
        >>> first_line(ValueError("wrong shape\nsee above"))
        'ValueError: wrong shape'
    """
    return ": ".join([type(error).__name__, *str(error).splitlines()[:1]])


def uniform(key: str, *shape: int, reach: float = 3.0, dtype: torch.dtype = torch.float64) -> Tensor:
    """Numbers of ±reach, the same at every examination."""
    random = keyed_generator(0, f"conformance/{key}")
    return (2 * torch.rand(shape, generator=random, dtype=dtype) - 1) * reach


def constant(logit: float, *shape: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """The logits of a discriminator that gives everything the same."""
    return torch.full(shape or (1, 1), logit, dtype=dtype)


def measure(loss: GANLoss, real: Tensor, fake: Tensor) -> tuple[Term, Term]:
    """L_D and L_G with their slopes; the logits passed are left alone."""
    return _term("L_D", loss.discriminator, real, fake), _term(
        "L_G", lambda r, f: generator_loss(loss, f, r), real, fake
    )


def _term(name: str, function: Callable[[Tensor, Tensor], Tensor], real: Tensor, fake: Tensor) -> Term:
    real, fake = (logits.detach().clone().requires_grad_() for logits in (real, fake))
    value = function(real, fake)
    demand(isinstance(value, Tensor), f"{name} is a {type(value).__name__}, no tensor")
    demand(value.shape == (), f"{name} has the shape {tuple(value.shape)}, it has to be a scalar")
    demand(value.requires_grad, f"{name} carries no gradient")
    by_real, by_fake = torch.autograd.grad(value, [real, fake], allow_unused=True, materialize_grads=True)
    return Term(name, value.detach(), by_real * real.numel(), by_fake * fake.numel())


def difference(found: tuple[Term, Term], expected: tuple[Term, Term]) -> tuple[float, str]:
    """The largest relative difference between two measurements, and where it is; slopes may be shaped otherwise."""
    worst, where = 0.0, "L_D"
    for one, other in zip(found, expected, strict=True):
        for (name, new), (_, old) in zip(one.parts(), other.parts(), strict=True):
            scale = old.abs().max().clamp_min(1.0 if name == one.name else 1e-300)
            apart = ((new.flatten() - old.flatten()).abs().max() / scale).item()
            if not apart <= worst:  # a NaN is the worst
                worst, where = apart, name
    return worst, where


def batch(key: str, size: int = 6) -> tuple[Tensor, Tensor]:
    """Real and fake logits (size, 1), float64."""
    real, fake = uniform(key, 2, size, 1)
    return real, fake
