"""Every loss as one writes it down from its paper: plain formulas of logits, the reference for ours."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Formula = Callable[[Tensor, Tensor], Tensor]
Plain = tuple[Formula, Formula]
LOG2 = math.log(2)


def _softplus(first: Tensor, second: Tensor) -> Tensor:
    return F.softplus(-first).mean() + F.softplus(second).mean()


# Name -> the discriminator's and the generator's formula, (real, fake) -> scalar.
PLAIN: dict[str, Plain] = {
    "bce": (_softplus, lambda r, f: F.softplus(-f).mean()),
    "minimax": (_softplus, lambda r, f: -F.softplus(f).mean()),
    "lsgan": (
        lambda r, f: 0.5 * ((r - 1) ** 2).mean() + 0.5 * ((f - 0) ** 2).mean(),
        lambda r, f: 0.5 * ((f - 1) ** 2).mean(),
    ),
    "lsgan-pearson": (
        lambda r, f: 0.5 * ((r - 1) ** 2).mean() + 0.5 * ((f + 1) ** 2).mean(),
        lambda r, f: 0.5 * (f**2).mean(),
    ),
    "wgan": (lambda r, f: f.mean() - r.mean(), lambda r, f: -f.mean()),
    "hinge": (lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).mean(), lambda r, f: -f.mean()),
    "rpgan": (lambda r, f: F.softplus(-(r - f)).mean(), lambda r, f: F.softplus(-(f - r)).mean()),
    "ragan": (
        lambda r, f: _softplus(r - f.mean(), f - r.mean()),
        lambda r, f: _softplus(f - r.mean(), r - f.mean()),
    ),
    "ralsgan": (
        lambda r, f: ((r - f.mean() - 1) ** 2).mean() + ((f - r.mean() + 1) ** 2).mean(),
        lambda r, f: ((f - r.mean() - 1) ** 2).mean() + ((r - f.mean() + 1) ** 2).mean(),
    ),
    "kl": (lambda r, f: torch.exp(f - 1).mean() - r.mean(), lambda r, f: -torch.exp(f - 1).mean()),
    "reverse-kl": (lambda r, f: torch.exp(-r).mean() + (f - 1).mean(), lambda r, f: -(f - 1).mean()),
    "pearson": (lambda r, f: (f**2 / 4 + f).mean() - r.mean(), lambda r, f: -(f**2 / 4 + f).mean()),
    "hellinger": (
        lambda r, f: (torch.exp(f) - 1).mean() - (1 - torch.exp(-r)).mean(),
        lambda r, f: -(torch.exp(f) - 1).mean(),
    ),
    "jensen-shannon": (
        lambda r, f: (F.softplus(f) - LOG2).mean() - (LOG2 - F.softplus(-r)).mean(),
        lambda r, f: -(F.softplus(f) - LOG2).mean(),
    ),
}

# Those whose generator's formula has the logits of real images in it.
PAIRED = ("rpgan", "ragan", "ralsgan")
