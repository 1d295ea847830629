"""One critic of the Wasserstein family, trained on a pair whose critic is known, and how near it comes."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from benchmarks.experiments.base import Json
from benchmarks.experiments.funnels import Rays, draw_funnels
from gan_losses.data.base import Batch, Batches
from gan_losses.losses import get_loss
from gan_losses.losses.base import Recipe
from gan_losses.penalties import input_gradient
from gan_losses.random import keyed_generator
from gan_losses.schedule import rate_factor
from gan_losses.tasks.points import Points, PointsSettings
from gan_losses.training import Placement, Training


def train_critic(
    dimensions: int,
    funnels: int,
    seed: int,
    critic: str,
    iterations: int,
    batch: int,
    rate: float,
    schedule: str,
    points: int,
    looks: int,
) -> Json:
    """One critic on one pair, from the same first weights and batches as the others; its figures at each look.

    The critic is the paper's: two layers of max(2 D, 128) rectified units, Adam (0, 0.9). Clipping takes every weight here,
    as in arXiv:1701.07875; the paper's own code leaves the biases out.

    Args:
        dimensions: D.
        funnels: of the pair.
        seed: of pair, weights and batches.
        critic: a loss as `get_loss` spells it.
        iterations: updates.
        batch: points of each side per update.
        rate: Adam's learning rate.
        schedule: of that rate, a name in `gan_losses.schedule.SCHEDULES`.
        points: that the figures are taken on.
        looks: how often they are taken, the last time at the end.

    Returns:
        w1, the true distance on these points, and `curve`: iteration, cosine, error, estimate of each look.
    """
    pair = draw_funnels(dimensions, funnels, keyed_generator(seed, "funnels", dimensions, funnels))
    training = _training(dimensions, critic, rate, seed)
    judge = training.task.discriminators["point"]
    seen = pair.sample(points, keyed_generator(seed, "evaluation", dimensions))
    at = [round(iterations * (look + 1) / looks) for look in range(looks)]
    curve = []
    for index in range(iterations):
        # Two draws of their own: were fakes the partners of the reals, interpolates would lie on the rays.
        real = pair.sample(batch, keyed_generator(seed, "real", index)).moved
        fake = pair.sample(batch, keyed_generator(seed, "fake", index)).points
        randoms = training.randoms("discriminators", index, 0)
        for group in training.discriminator_optimizer.param_groups:
            group["lr"] = rate * rate_factor(schedule, index, iterations)
        training.update_discriminators({"point": real}, {"point": fake}, randoms, index)
        if index + 1 in at:
            curve.append({"iteration": index + 1} | figures(judge, seen))
    return {"w1": _distance(seen), "curve": curve}


def _training(dimensions: int, critic: str, rate: float, seed: int) -> Training:
    loss = get_loss(critic)
    settings = PointsSettings(
        dimensions=dimensions,
        width=1,
        depth=1,  # no generator is trained: the fakes are the pair's
        discriminator_width=max(2 * dimensions, 128),
        discriminator_norm=loss.discriminator_norm or "none",
    )
    recipe = Recipe(learning_rate=rate, betas=(0.0, 0.9))
    placement = Placement(torch.device("cpu"), channels_last=False)
    return Training(Points(settings, seed), loss, recipe, cast(Batches, _no_batch), placement, seed)


def _no_batch(step: int, draw: int) -> Batch:
    return {}  # every update is given its own


def figures(judge: nn.Module, seen: Rays) -> dict[str, float]:
    """How near a critic's gradient is to the true one, -∇u, at the reals (where the paper compares them).

    Args:
        judge: points (N, D) to logits (N, 1).
        seen: points of the pair; the moved ones are the reals.

    Returns:
        cosine: mean over the points of the cosine of both gradients.
        error: mean over the points of ‖∇D + ∇u‖².
        estimate: E D(real) - E D(fake), what this critic would call the distance.
    """
    judge.eval()  # spectral norm's vectors stand still
    gradient, truth = input_gradient(judge, seen.moved).detach().double(), -seen.slopes.double()
    with torch.no_grad():
        estimate = (judge(seen.moved).double().mean() - judge(seen.points).double().mean()).item()
    judge.train()
    cosine = F.cosine_similarity(gradient, truth, dim=1, eps=1e-15).mean().item()
    return {"cosine": cosine, "error": (gradient - truth).square().sum(1).mean().item(), "estimate": estimate}


def _distance(seen: Rays) -> float:
    moved: Tensor = torch.linalg.vector_norm((seen.points - seen.moved).double(), dim=1)
    return moved.mean().item()
