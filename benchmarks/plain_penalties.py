"""Penalties on the discriminator's slope as public ports write them: by double backward, with the papers' constants.

A penalty on real or fake images differentiates the logits that the loss has asked for already, as the code of
arXiv:1801.04406 and arXiv:2501.05441 does; one on points of its own calls the discriminator once more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

Draw = Callable[..., Tensor]  # as torch.rand: (shape, dtype=, device=) -> numbers of U[0, 1)
Judge = Callable[[Tensor], Tensor]


def _between(real: Tensor, fake: Tensor, draw: Draw) -> Tensor:
    weight = draw((len(real), 1, 1, 1), dtype=real.dtype, device=real.device)
    return weight * real + (1 - weight) * fake


def _around(real: Tensor, fake: Tensor, draw: Draw) -> Tensor:
    noise = draw(real.shape, dtype=real.dtype, device=real.device)
    perturbed = real + 0.5 * real.std(unbiased=False) * noise
    weight = draw((len(real), 1, 1, 1), dtype=real.dtype, device=real.device)
    return real + weight * (perturbed - real)


POINTS: dict[str, Callable[[Tensor, Tensor, Draw], Tensor]] = {"between": _between, "around": _around}


@dataclass(frozen=True)
class PlainPenalty:
    """A weighted mean over the batch of a function of each image's slope, that of its mean logit.

    Attributes:
        where: "real" or "fake", whose logits are there already, or a name in `POINTS`.
        cost: gradients (N, elements of an image) -> (N,).
        weight: of the mean.

    Example:
        >>> images = {"real": torch.zeros(2, 1, 2, 2), "fake": torch.zeros(2, 1, 2, 2)}
        >>> gp()(lambda points: points.sum((1, 2, 3))[:, None], images, {}, torch.rand).item()  # 10 (2 - 1)²
        10.0
    """

    where: str
    cost: Callable[[Tensor], Tensor]
    weight: float

    def __call__(self, judge: Judge, images: Mapping[str, Tensor], logits: Mapping[str, Tensor], draw: Draw) -> Tensor:
        """The penalty, with its graph.

        Args:
            judge: images (N, C, H, W) to logits (N, …).
            images: "real" and "fake", without a generator's graph; those of `where` ask for gradients.
            logits: the judge's answer to those of `where`.
            draw: random numbers, in the form of `torch.rand`.
        """
        if self.where in images:
            points, answers = images[self.where], logits[self.where]
        else:
            points = POINTS[self.where](images["real"], images["fake"], draw).detach().requires_grad_(True)
            answers = judge(points)
        answers = answers.flatten(1).mean(1)
        gradient = torch.autograd.grad(
            outputs=answers, inputs=points, grad_outputs=torch.ones_like(answers), create_graph=True, retain_graph=True
        )[0]
        return self.weight * self.cost(gradient.reshape(len(points), -1)).mean()


def gp(weight: float = 10.0) -> PlainPenalty:
    """λ (‖∇D‖ - 1)² between real and fake (arXiv:1704.00028)."""
    return PlainPenalty("between", lambda gradient: (gradient.norm(2, dim=1) - 1) ** 2, weight)


def lp(weight: float = 10.0) -> PlainPenalty:
    """λ max(0, ‖∇D‖ - 1)² between real and fake (arXiv:1709.08894)."""
    return PlainPenalty("between", lambda gradient: torch.clamp(gradient.norm(2, dim=1) - 1, min=0) ** 2, weight)


def gp0(weight: float = 10.0) -> PlainPenalty:
    """(γ/2) ‖∇D‖² between real and fake (arXiv:1902.03984)."""
    return PlainPenalty("between", _squared, weight / 2)


def r1(weight: float = 10.0) -> PlainPenalty:
    """(γ/2) ‖∇D‖² on real images (arXiv:1801.04406)."""
    return PlainPenalty("real", _squared, weight / 2)


def r2(weight: float = 10.0) -> PlainPenalty:
    """(γ/2) ‖∇D‖² on fake images (arXiv:1801.04406)."""
    return PlainPenalty("fake", _squared, weight / 2)


def dragan(weight: float = 10.0) -> PlainPenalty:
    """λ (‖∇D‖ - 1)² around real images (arXiv:1705.07215)."""
    return PlainPenalty("around", lambda gradient: (gradient.norm(2, dim=1) - 1) ** 2, weight)


def _squared(gradient: Tensor) -> Tensor:
    return gradient.pow(2).sum(1)


PLAIN_PENALTIES: dict[str, Callable[..., PlainPenalty]] = {
    "gp": gp,
    "lp": lp,
    "gp0": gp0,
    "r1": r1,
    "r2": r2,
    "dragan": dragan,
}
