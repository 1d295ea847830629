"""Value and slope of every loss against the logit: where a fake teaches nothing."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.experiments.base import Check, Experiment, Json, Result
from benchmarks.experiments.workplace import Workplace
from gan_losses.losses import LOSSES, generator_loss, get_loss, slope

FORMULAS: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "bce": ("σ(-f)", lambda f: torch.sigmoid(-f)),
    "minimax": ("σ(f)", torch.sigmoid),
    "lsgan": ("|f - 1|", lambda f: (f - 1).abs()),
    "wgan": ("1", torch.ones_like),
}


@dataclass(frozen=True)
class Settings:
    """Where the losses are looked at.

    Attributes:
        reach: the logits go from -reach to reach.
        points: how many logits.
    """

    reach: float = 8.0
    points: int = 161


def measure(settings: Settings, workplace: Workplace) -> Result:
    """Generator's loss and |slope| of every loss, the formulas beside autograd.

    A loss of pairs is taken at one pair whose real logit is 0, so that the fake's is their difference.
    """
    logits = torch.linspace(-settings.reach, settings.reach, settings.points, dtype=torch.float64)
    shown: Json = {"logit": logits.tolist(), "losses": {}}
    rows: list[Json] = []
    for name in LOSSES:
        loss = get_loss(name)
        real = torch.zeros(1, dtype=logits.dtype)
        values = [generator_loss(loss, logit, real).item() for logit in logits[:, None]]
        slopes = [slope(loss, logit, real).abs().item() for logit in logits[:, None]]
        shown["losses"][name] = {"value": values, "slope": slopes}
        places = {f"|slope| at {logits[place]:g}": slopes[place] for place in (0, settings.points // 2, -1)}
        rows.append({"loss": name, "of pairs": "yes" if loss.pairs_logits else "no", **places})
    return Result(rows, [_check(name, logits) for name in FORMULAS], shown)


def _check(name: str, logits: Tensor) -> Check:
    formula, slopes = FORMULAS[name]
    error = (slope(get_loss(name), logits).abs() - slopes(logits)).abs().max().item()
    return Check(f"{name}: largest error of the slope", f"{formula}, derived", error, high=1e-12)


EXPERIMENT = Experiment(
    name="loss-shapes",
    summary="Where along the logit does each loss still teach the generator?",
    source="formulas of arXiv:1406.2661, arXiv:1611.04076, arXiv:1701.07875; derivatives derived here",
    reading="Left the generator's loss, right the size of its slope (log scale), against the logit of a fake (of relativistic "
    "losses: fake minus real): a curve that falls to the bottom on the left teaches nothing about fakes that the discriminator "
    "rejects. Losses of one shape share a line.",
    cost="every scale 1 s",
    scales={"short": Settings(points=33), "full": Settings()},
    measure=measure,
)
