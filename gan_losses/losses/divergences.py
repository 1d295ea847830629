"""Divergences between two discrete distributions, for what losses declare of their optima: (K,) probabilities -> scalar."""

import torch
from torch import Tensor


def kullback_leibler(p: Tensor, q: Tensor) -> Tensor:
    """KL(p ‖ q) = Σ p log(p/q), in nats, [0, ∞].

    Example:
        >>> round(kullback_leibler(torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75])).item(), 6)
        0.143841
    """
    return (torch.xlogy(p, p) - torch.xlogy(p, q)).sum()


def jensen_shannon(p: Tensor, q: Tensor) -> Tensor:
    """JS(p, q) = ½ KL(p ‖ m) + ½ KL(q ‖ m) with m = (p + q)/2, in nats, [0, log 2].

    Example:
        >>> round(jensen_shannon(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])).item(), 6)
        0.693147
    """
    middle = (p + q) / 2
    return (kullback_leibler(p, middle) + kullback_leibler(q, middle)) / 2


def pearson(p: Tensor, q: Tensor) -> Tensor:
    """χ²(p ‖ q) = Σ (p - q)²/q, [0, ∞].

    Example:
        >>> pearson(torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75])).item()
        0.3333333432674408
    """
    return ((p - q).square() / q).sum()


def hellinger(p: Tensor, q: Tensor) -> Tensor:
    """Squared Hellinger Σ (√p - √q)², [0, 2].

    Example:
        >>> hellinger(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])).item()
        2.0
    """
    return (p.sqrt() - q.sqrt()).square().sum()


def total_variation(p: Tensor, q: Tensor) -> Tensor:
    """TV(p, q) = ½ Σ |p - q|, [0, 1].

    Example:
        >>> total_variation(torch.tensor([0.5, 0.5]), torch.tensor([0.25, 0.75])).item()
        0.25
    """
    return (p - q).abs().sum() / 2
