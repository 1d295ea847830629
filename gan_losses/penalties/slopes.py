"""Penalties on the slope ∇x D, each on points of its own. All but the points is shared.

The mean logit of each image is differentiated, norms are taken per sample over C, H, W, and averaged over the batch. Of a
patch map (PatchGAN) that constrains the average of the patches, not each of them: single patches may be steeper. With
`patches` one patch of each image is differentiated in its place, drawn anew at every update: the same cost, and in
expectation the mean over all patches of each patch's own penalty. Batch norm in the discriminator mixes samples and voids
both.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from gan_losses.errors import require_positive
from gan_losses.penalties.base import Discriminator, Penalty, Update
from gan_losses.penalties.double_backward import LeanDoubleBackward


def input_gradient(discriminator: Discriminator, images: Tensor, random: torch.Generator | None = None) -> Tensor:
    """∇x of the mean logit of each image, or of one logit of its patch map, with its graph.

    Args:
        discriminator: maps (N, …) images to logits (N, …).
        images: (N, …), without a graph.
        random: draws the one logit of each image, uniformly; None takes the mean.

    Returns:
        (N, …), the gradient at each image, independent of the other images where D does not mix samples.

    Example:
        >>> input_gradient(lambda images: 3 * images, torch.ones(2, 1)).tolist()
        [[3.0], [3.0]]
    """
    images, lean = images.detach().requires_grad_(), LeanDoubleBackward()
    with torch.enable_grad():
        with lean:
            logits = discriminator(images).to(images.dtype)  # autocast gives short ones
        flat = logits.reshape(len(images), -1)
        if random is None:
            total = flat.mean(1).sum()
        else:
            place = torch.randint(flat.shape[1], (len(flat), 1), generator=random, device=flat.device)
            total = flat.gather(1, place).sum()
        return lean.gradient(total, images)


def interpolate(real: Tensor, fake: Tensor, random: torch.Generator) -> Tensor:
    """x̂ = εx + (1 - ε)G(z) with one ε ~ U[0, 1) per sample."""
    return torch.lerp(fake.detach().to(real.dtype), real, _weights(real, random))


def _weights(images: Tensor, random: torch.Generator) -> Tensor:
    """One number of U[0, 1) per sample."""
    shape = (len(images), *[1] * (images.dim() - 1))
    return torch.rand(shape, generator=random, device=images.device, dtype=images.dtype)


class SlopePenalty(Penalty):
    """What all have in common: points, the slope at each, a function of it, the mean over the batch."""

    weight: float
    patches: bool

    def __post_init__(self) -> None:
        require_positive(self, "weight", "every")

    @property
    def allows_batch_norm(self) -> bool:
        """No: a sample's slope would depend on the other samples."""
        return False

    @property
    def bounds_slope(self) -> bool:
        """Yes, softly."""
        return True

    @property
    def differentiates_twice(self) -> bool:
        """Yes."""
        return True

    @abstractmethod
    def points(self, update: Update) -> Tensor:
        """Where D is differentiated, (N, …)."""

    @abstractmethod
    def of_slopes(self, gradients: Tensor) -> Tensor:
        """The penalty per sample, (N,), from the gradients (N, elements of an image)."""

    @final
    def value(self, update: Update) -> Tensor:
        """The weighted mean over the batch."""
        points = self.points(update)
        gradient = input_gradient(update.discriminator, points, update.random if self.patches else None)
        return self.weight * self.of_slopes(gradient.flatten(1)).mean()


def _norms(gradients: Tensor) -> Tensor:
    # vector_norm's derivative at 0 is 0, where sqrt(sum of squares) gives NaN.
    norms: Tensor = torch.linalg.vector_norm(gradients, dim=1)
    return norms


def _half_squares(gradients: Tensor) -> Tensor:
    return gradients.square().sum(1) / 2


@final
@dataclass(frozen=True)
class GradientPenalty(SlopePenalty):
    """λ E(‖∇x̂ D(x̂)‖ - 1)² on interpolates x̂ = εx + (1 - ε)G(z), ε ~ U[0, 1) per sample.

    λ at a constant discriminator. On a patch map it constrains the average of the patches, or with `patches` each of them.
    Source: Gulrajani et al. 2017, arXiv:1704.00028.

    Attributes:
        weight: λ (10; 0.1 on two-dimensional toys).
        every: updates from one to the next.
        patches: of a patch map, each patch's slope in place of the average's.

    Example:
        >>> images = torch.zeros(8, 2)
        >>> linear = lambda x: x @ torch.tensor([[0.0], [3.0]])
        >>> GradientPenalty(10.0)(Update(linear, images, images, torch.Generator())).item()
        40.0
    """

    weight: float = 10.0
    every: int = 1
    patches: bool = False

    name = "gp"
    paper = "arXiv:1704.00028"
    summary = "λ E(‖∇D(x̂)‖ - 1)², x̂ between real and fake"

    def points(self, update: Update) -> Tensor:
        """Between real and fake."""
        return interpolate(update.real, update.fake, update.random)

    def of_slopes(self, gradients: Tensor) -> Tensor:
        """(‖∇‖ - 1)²."""
        return (_norms(gradients) - 1).square()


@final
@dataclass(frozen=True)
class OneSidedPenalty(SlopePenalty):
    """λ E max(0, ‖∇x̂ D(x̂)‖ - 1)² on interpolates: only slopes above 1 cost.

    0 at a constant discriminator. Source: Petzka et al. 2018, arXiv:1709.08894.

    Attributes:
        weight: λ.
        every: updates from one to the next.
        patches: of a patch map, each patch's slope in place of the average's.

    Example:
        >>> images = torch.zeros(8, 2)
        >>> linear = lambda x: x @ torch.tensor([[0.0], [0.5]])
        >>> OneSidedPenalty()(Update(linear, images, images, torch.Generator())).item()
        0.0
    """

    weight: float = 10.0
    every: int = 1
    patches: bool = False

    name = "lp"
    paper = "arXiv:1709.08894"
    summary = "λ E max(0, ‖∇D(x̂)‖ - 1)², x̂ between real and fake"

    def points(self, update: Update) -> Tensor:
        """Between real and fake."""
        return interpolate(update.real, update.fake, update.random)

    def of_slopes(self, gradients: Tensor) -> Tensor:
        """max(0, ‖∇‖ - 1)²."""
        return (_norms(gradients) - 1).relu().square()


@final
@dataclass(frozen=True)
class ZeroCentredPenalty(SlopePenalty):
    """(γ/2) E‖∇x̂ D(x̂)‖² on interpolates.

    Source: Thanh-Tung et al. 2019, arXiv:1902.03984, whose weight λ is γ/2 here, so that it compares with `r1`.

    Attributes:
        weight: γ.
        every: updates from one to the next.
        patches: of a patch map, each patch's slope in place of the average's.

    Example:
        >>> images = torch.zeros(8, 2)
        >>> linear = lambda x: x @ torch.tensor([[0.0], [3.0]])
        >>> ZeroCentredPenalty(10.0)(Update(linear, images, images, torch.Generator())).item()
        45.0
    """

    weight: float = 10.0
    every: int = 1
    patches: bool = False

    name = "gp0"
    paper = "arXiv:1902.03984"
    summary = "(γ/2) E‖∇D(x̂)‖², x̂ between real and fake"

    def points(self, update: Update) -> Tensor:
        """Between real and fake."""
        return interpolate(update.real, update.fake, update.random)

    def of_slopes(self, gradients: Tensor) -> Tensor:
        """‖∇‖²/2."""
        return _half_squares(gradients)


@final
@dataclass(frozen=True)
class R1(SlopePenalty):
    """(γ/2) E‖∇D(x)‖² on real images. Source: Mescheder et al. 2018, arXiv:1801.04406.

    Attributes:
        weight: γ (10 in the paper; it has to fall with the number of pixels: 0.05 in R3GAN's 32-pixel setting).
        every: updates from one to the next.
        patches: of a patch map, each patch's slope in place of the average's.

    Example:
        >>> images = torch.zeros(8, 2)
        >>> linear = lambda x: x @ torch.tensor([[0.0], [3.0]])
        >>> R1(10.0)(Update(linear, images, images, torch.Generator())).item()
        45.0
    """

    weight: float = 10.0
    every: int = 1
    patches: bool = False

    name = "r1"
    paper = "arXiv:1801.04406"
    summary = "(γ/2) E‖∇D(x)‖² on real images"

    def points(self, update: Update) -> Tensor:
        """The real images."""
        return update.real

    def of_slopes(self, gradients: Tensor) -> Tensor:
        """‖∇‖²/2."""
        return _half_squares(gradients)


@final
@dataclass(frozen=True)
class R2(SlopePenalty):
    """(γ/2) E‖∇D(G(z))‖² on fake images. Source: Mescheder et al. 2018, arXiv:1801.04406.

    Attributes:
        weight: γ.
        every: updates from one to the next.
        patches: of a patch map, each patch's slope in place of the average's.

    Example:
        >>> R2(10.0, every=16).name
        'r2'
    """

    weight: float = 10.0
    every: int = 1
    patches: bool = False

    name = "r2"
    paper = "arXiv:1801.04406"
    summary = "(γ/2) E‖∇D(G(z))‖² on fake images"

    def points(self, update: Update) -> Tensor:
        """The fake images."""
        return update.fake

    def of_slopes(self, gradients: Tensor) -> Tensor:
        """‖∇‖²/2."""
        return _half_squares(gradients)


@final
@dataclass(frozen=True)
class DraganPenalty(SlopePenalty):
    """λ E(‖∇x̂ D(x̂)‖ - 1)² around real images: x̂ = x + α(x_p - x), x_p = x + ½ std(batch) U[0, 1), α ~ U[0, 1).

    α is drawn per sample, U per element; std is over the whole batch. On logits: public copies that put it behind a
    sigmoid are wrong. Source: Kodali et al. 2017, arXiv:1705.07215.

    Attributes:
        weight: λ.
        every: updates from one to the next.
        patches: of a patch map, each patch's slope in place of the average's.

    Example:
        >>> DraganPenalty().name
        'dragan'
    """

    weight: float = 10.0
    every: int = 1
    patches: bool = False

    name = "dragan"
    paper = "arXiv:1705.07215"
    summary = "λ E(‖∇D(x̂)‖ - 1)², x̂ near real images"

    def points(self, update: Update) -> Tensor:
        """Real images, pushed in a random direction by up to half the batch's standard deviation per element."""
        real = update.real
        noise = torch.rand(real.shape, generator=update.random, device=real.device, dtype=real.dtype)
        return real + _weights(real, update.random) * (real.std(correction=0) / 2) * noise

    def of_slopes(self, gradients: Tensor) -> Tensor:
        """(‖∇‖ - 1)²."""
        return (_norms(gradients) - 1).square()
