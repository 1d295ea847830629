"""One GAN of points, trained on a mixture, and what its samples have of the modes."""

from typing import cast

import torch
from torch import Tensor

from benchmarks.experiments.base import Json
from gan_losses.data.base import Batch, Batches
from gan_losses.data.mixtures import Mixture, grid, ring
from gan_losses.losses import get_loss
from gan_losses.losses.base import Recipe
from gan_losses.metrics.mixture_modes import mode_scores
from gan_losses.random import keyed_generator
from gan_losses.tasks.points import Points, PointsSettings
from gan_losses.training import Placement, Training

MIXTURES = {"ring": ring, "grid": grid}
DRAWN = 300  # samples that a figure shows


def train_on(
    mixture: str,
    deviation: float,
    loss: str,
    seed: int,
    networks: Json,
    recipe: Json,
    batch: int,
    steps: int,
    schedule: str,
    samples: int,
) -> Json:
    """Train one loss on one mixture with the suite's common step, and judge its last samples.

    Args:
        mixture: a name in `MIXTURES`.
        deviation: of its modes.
        loss: as `get_loss` spells it.
        seed: of weights, latents and data; data are the same for all losses.
        networks: fields of `PointsSettings`.
        recipe: fields of `Recipe`.
        batch: points per update.
        steps: generator updates.
        schedule: of the learning rate.
        samples: that are judged.

    Returns:
        `scores` as `judged` has them, and `points`, the first of the samples (none where they are not finite).
    """
    of = MIXTURES[mixture](deviation=deviation)
    task = Points(PointsSettings(**networks), seed)
    betas = tuple(recipe.get("betas", Recipe.betas))
    how = Recipe(**{**recipe, "betas": betas})

    def batches(step: int, draw: int) -> Batch:
        return {"point": of.sample(batch, keyed_generator(seed, f"data/{mixture}", step, draw))}

    placement = Placement(torch.device("cpu"), channels_last=False)
    training = Training(
        task, get_loss(loss), how, cast(Batches, batches), placement, seed, schedule=schedule, steps=steps
    )
    for step in range(steps):
        training.step(step)
    generator = task.generators["point"].eval()
    with torch.no_grad():
        points = generator(task.draw(samples, keyed_generator(seed, "evaluation")))
    return _found(points, of)


def perfect(mixture: str, deviation: float, seed: int, samples: int) -> Json:
    """The same of the mixture itself."""
    of = MIXTURES[mixture](deviation=deviation)
    points = of.sample(samples, keyed_generator(seed, f"perfect/{mixture}"))
    return _found(points, of)


def _found(points: Tensor, mixture: Mixture) -> Json:
    drawn = points[:DRAWN] if torch.isfinite(points).all() else points[:0]
    return {
        "scores": judged(points, mixture),
        "points": [[round(place, 4) for place in point] for point in drawn.tolist()],
    }


def judged(points: Tensor, mixture: Mixture) -> Json:
    """Modes, high quality and reverse KL of the points; of a training that diverged 0, 0 and None."""
    if not torch.isfinite(points).all():
        return {"modes": 0, "high quality": 0.0, "reverse KL": None}
    scores = mode_scores(points, mixture.centres, mixture.deviation)
    return {"modes": scores.captured, "high quality": scores.high_quality, "reverse KL": scores.reverse_kl}
