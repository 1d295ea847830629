"""Trains the network behind the shapes features: `python -m gan_losses.metrics.train_shapes`.

Its scenes are drawn from streams of their own, so that all images of `shapes2stripes` are as new to it as its test
images are to the GANs that it judges. Writes `shapes.safetensors` and `shapes.json` beside this file.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.data import load_data, to_float
from gan_losses.data.shapes import COUNTS, Scenes, draw_scenes
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.shapes import COMMAND, FACTS, HEADS, SIDE, WEIGHTS, ShapesExtractor
from gan_losses.metrics.shipped import rescale, untrained
from gan_losses.random import keyed_generator

SCENES = {48: 1600, 32: 400, 64: 800, 96: 400}  # pixels -> how many are drawn to train on
TURNS = (48, 64, 48, 32, 48, 96, 48, 64)  # the sizes of successive batches
BATCH_SIZE = 64
RATE = 2e-3
NOISE, TINT = 24 / 127.5, 0.2  # standard deviation and shift at their strongest, of pixels in [-1, 1]
DAMAGE_WEIGHT = 4.0


def main(arguments: list[str] | None = None) -> None:
    """Trains, prints the lowest accuracy of each size and writes both files."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--steps", type=int, default=3000, help=f"batches of {BATCH_SIZE} pictures")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and damages")
    parser.add_argument("--folder", type=Path, default=WEIGHTS.parent, help="where the two files are written")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    torch.set_num_threads(1)  # the sums' order, and with it the weights, depends on the number of threads
    extractor = train(options.steps, options.seed)
    accuracies = {size: accuracy(extractor, size) for size in (48, 64)}
    facts = {"command": COMMAND, "steps": options.steps, "seed": options.seed, **describe(extractor, accuracies)}
    (options.folder / WEIGHTS.name).write_bytes(save(extractor.state_dict()))
    (options.folder / FACTS.name).write_text(json.dumps(facts, indent=2) + "\n")
    lowest = {size: min(min(shares.values()) for shares in looks.values()) for size, looks in accuracies.items()}
    told = ", ".join(f"{share:.4f} at {size} pixels" for size, share in lowest.items())
    print(f"lowest test accuracy {told}, {time.perf_counter() - started:.0f} s")


def train(steps: int, seed: int) -> ShapesExtractor:
    """A network after `steps` of AdamW with a cosine schedule on damaged scenes, its features scaled.

    Args:
        steps: batches.
        seed: of weights, order and damages; the scenes are always the same.
    """
    pools = {size: draw_scenes(count, size, f"extractor/{size}") for size, count in SCENES.items()}
    extractor, estimator = untrained(ShapesExtractor, seed), _estimator()
    optimiser = torch.optim.AdamW([*extractor.parameters(), *estimator.parameters()], lr=RATE, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        pool = pools[TURNS[step % len(TURNS)]]
        rows = torch.randint(len(pool.plain), (BATCH_SIZE,), generator=keyed_generator(seed, "shapes/order", step))
        batch = damage(_choose(pool, rows), keyed_generator(seed, "shapes/damage", step))
        optimiser.zero_grad()
        _loss(extractor, estimator, batch).backward()
        optimiser.step()
        schedule.step()
    _standardise(extractor, pools[SIDE])
    return extractor.eval().requires_grad_(False)


@dataclass(frozen=True)
class Damaged:
    """Scenes that are painted only in part, and damaged.

    Attributes:
        images: float32 (N, 3, H, W) in [-1, 1].
        factors: name in `FACTORS` -> int64 (N,).
        painted: float32 (N,) in [0, 1], how much of the stripes is there, as a mean over the animal.
        damages: float32 (N, 5): strength of the blur and of the noise in [0, 1], tint of each channel in [-1, 1].
    """

    images: Tensor
    factors: Mapping[str, Tensor]
    painted: Tensor
    damages: Tensor


def damage(scenes: Scenes, random: torch.Generator) -> Damaged:
    """Paints each scene in part, then blurs it, tints it and adds noise; each of that is left out of half of them."""
    images, painted = _paint(scenes, random)
    count = len(images)
    blur, noise = (2 * torch.rand(2, count, generator=random) - 1).clamp(min=0)
    tint = (2 * torch.rand(count, 3, generator=random) - 1) * (torch.rand(count, 1, generator=random) < 0.5)
    smooth = F.avg_pool2d(F.pad(images, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    images = torch.lerp(images, smooth, blur[:, None, None, None]) + TINT * tint[:, :, None, None]
    images += NOISE * noise[:, None, None, None] * torch.randn(images.shape, generator=random)
    return Damaged(images.clamp(-1, 1), scenes.factors, painted, torch.cat([torch.stack([blur, noise], 1), tint], 1))


def _paint(scenes: Scenes, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Blends of plain and striped, and how much was painted: of some scenes, more or less right of a random column."""
    count, size = len(scenes.plain), scenes.plain.shape[-1]
    left, right = (2 * torch.rand(2, count, generator=random) - 0.5).clamp(0, 1)  # often nothing, often all
    right = torch.where(torch.rand(count, generator=random) < 0.6, left, right)
    beyond = torch.arange(size) >= size * torch.rand(count, 1, generator=random)
    amounts = torch.where(beyond, right[:, None], left[:, None])[:, None, None]
    images = torch.lerp(to_float(scenes.plain), to_float(scenes.striped), amounts)
    return images, (amounts * scenes.mask).sum((1, 2, 3)) / scenes.mask.sum((1, 2, 3))


def _loss(extractor: ShapesExtractor, estimator: nn.Linear, batch: Damaged) -> Tensor:
    features = extractor(batch.images)
    logits = extractor.read(features)
    goals = {**batch.factors, "striped": torch.stack([1 - batch.painted, batch.painted], 1)}
    read = torch.stack([F.cross_entropy(logits[name], goal) for name, goal in goals.items()]).sum()
    # The cross-entropy is flat where almost all is painted, so how much it is counts among the damages as well.
    damages = torch.cat([batch.painted[:, None], batch.damages], 1)
    return read + DAMAGE_WEIGHT * F.mse_loss(estimator(features), damages)


def _estimator() -> nn.Linear:
    """The head that reads the damages and is dropped after training; it starts at 0."""
    head: nn.Linear = nn.utils.skip_init(
        nn.Linear, ShapesExtractor.num_features, 6
    )  # leaves the global generator alone
    for weight in head.parameters():
        nn.init.zeros_(weight)
    return head


def _choose(scenes: Scenes, rows: Tensor) -> Scenes:
    factors = {name: values[rows] for name, values in scenes.factors.items()}
    return Scenes(scenes.plain[rows], scenes.striped[rows], scenes.mask[rows], factors)


@torch.no_grad()
def _standardise(extractor: ShapesExtractor, scenes: Scenes) -> None:
    images = to_float(torch.cat([scenes.plain, scenes.striped]))
    rescale(extractor.embedding, extractor.heads, extractor(images).double())


@torch.no_grad()
def accuracy(extractor: ShapesExtractor, size: int) -> dict[str, dict[str, float]]:
    """How the test scenes of both domains are read: "plain" or "striped" -> name in `HEADS` -> share of right ones."""
    parts = [draw_scenes(COUNTS["test"], size, f"test/{domain}") for domain in ("a", "b")]
    truth = {name: torch.cat([part.factors[name] for part in parts]) for name in parts[0].factors}
    found = {}
    for striped, look in enumerate(("plain", "striped")):
        images = torch.cat([getattr(part, look) for part in parts])
        truth["striped"] = torch.full((len(images),), striped)
        logits = extractor.read(extractor(to_float(images)))
        found[look] = {name: float((logits[name].argmax(1) == truth[name]).double().mean()) for name in HEADS}
    return found


def describe(extractor: ShapesExtractor, accuracies: Mapping[int, dict[str, dict[str, float]]]) -> dict[str, object]:
    """What `shapes.json` says of the weights: their digest, sizes and accuracy, and the data they are for."""
    return {
        "weights_digest": weights_digest(extractor.state_dict()),
        "test_accuracy": {str(size): looks for size, looks in accuracies.items()},
        "features": extractor.num_features,
        "parameters": sum(weight.numel() for weight in extractor.parameters()),
        "scenes": {"train": {str(size): count for size, count in SCENES.items()}, "test": 2 * COUNTS["test"]},
        "image_size": SIDE,
        "data_digest": load_data("shapes2stripes", SIDE).digest,
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    main()
