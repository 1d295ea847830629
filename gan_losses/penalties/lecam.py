"""LeCam: logits are held near running averages of their counterparts'."""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from gan_losses.errors import require, require_positive
from gan_losses.penalties.base import Penalty, Update


@final
@dataclass(frozen=True)
class LeCam(Penalty):
    """λ (E(D(x) - α_F)² + E(D(G(z)) - α_R)²), α the running averages of D(G(z)) and D(x).

    The averages are those before this update (its own means at the first), without gradient, kept in `update.memory`.
    Source: Tseng et al. 2021, arXiv:2104.03310 (their code, unlike the paper, counts positive differences only).

    Attributes:
        weight: λ.
        decay: of the averages.

    Example:
        >>> import torch
        >>> real, fake = torch.tensor([[3.0], [1.0]]), torch.zeros(2, 1)
        >>> LeCam(1.0)(Update(torch.nn.Identity(), real, fake, torch.Generator())).item()  # (9 + 1)/2 + 2²
        9.0
    """

    weight: float = 0.3
    decay: float = 0.99

    name = "lecam"
    paper = "arXiv:2104.03310"
    summary = "λ (E(D(x) - α_F)² + E(D(G(z)) - α_R)²), α running means of D(G(z)) and D(x)"

    def __post_init__(self) -> None:
        require_positive(self, "weight")
        require(0 <= self.decay < 1, self, "decay", "at least 0 and below 1")

    def value(self, update: Update) -> Tensor:
        """The weighted sum of both halves."""
        memory, real, fake = update.memory, update.real_logits, update.fake_logits
        means = {"lecam_real": real.detach().mean(), "lecam_fake": fake.detach().mean()}
        anchors = {name: memory.get(name, mean) for name, mean in means.items()}
        for name, mean in means.items():
            memory[name] = mean.lerp(anchors[name], self.decay)
        on_real, on_fake = real - anchors["lecam_fake"], fake - anchors["lecam_real"]
        return self.weight * (on_real.square().mean() + on_fake.square().mean())
