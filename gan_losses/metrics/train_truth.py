"""Trains the network behind the truth features: `python -m gan_losses.metrics.train_truth`.

Its scenes are drawn from streams of their own, so that all images of `truth` are as new to it as its test images are to the
GANs that it judges. Writes `truth.safetensors` and `truth.json` beside this file.
"""

import argparse
import json
import time
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.data.base import to_float
from gan_losses.data.truth import TEST, factors_of, modes, scenes
from gan_losses.data.truth_drawing import SIZES, Scenes, draw, periods
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.shipped import rescale, untrained
from gan_losses.metrics.truth import ANGLED, COMMAND, FACTS, SIDE, SPREAD, WEIGHTS, TruthExtractor
from gan_losses.metrics.truth_reading import read
from gan_losses.random import keyed_generator

SCENES = {16: 16_000, 32: 12_000, 64: 3000}  # pixels -> how many are drawn to train on
TURNS = (16, 32, 16, 32, 16, 64)  # the sizes of successive batches
TESTED = (16, 32, 64)
BATCH_SIZE = 64
RATE = 2e-3
NOISE = 32 / 127.5  # standard deviation at its strongest, of pixels in [-1, 1]
NUMBERS_WEIGHT, DAMAGE_WEIGHT = 3.0, 2.0


def main(arguments: list[str] | None = None) -> None:
    """Trains, prints the lowest accuracy of each size and writes both files."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--steps", type=int, default=5000, help=f"batches of {BATCH_SIZE} pictures")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and damages")
    parser.add_argument("--folder", type=Path, default=WEIGHTS.parent, help="where the two files are written")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    torch.set_num_threads(1)  # the sums' order, and with it the weights, depends on the number of threads
    extractor = train(options.steps, options.seed)
    facts = {"command": COMMAND, "steps": options.steps, "seed": options.seed, **describe(extractor)}
    (options.folder / WEIGHTS.name).write_bytes(save(extractor.state_dict()))
    (options.folder / FACTS.name).write_text(json.dumps(facts, indent=2) + "\n")
    told = ", ".join(f"{accuracy(extractor, size)['all']:.4f} at {size} pixels" for size in TESTED)
    print(f"test pictures read right in all: {told}, {time.perf_counter() - started:.0f} s")


def train(steps: int, seed: int) -> TruthExtractor:
    """A network after `steps` of AdamW with a cosine schedule on damaged pictures, its features scaled.

    Args:
        steps: batches.
        seed: of weights, order and damages; the scenes are always the same.
    """
    pools = {size: scenes(count, f"extractor/{size}") for size, count in SCENES.items()}
    pictures = {size: draw(pool, size) for size, pool in pools.items()}
    extractor, estimator = untrained(TruthExtractor, seed), _estimator()
    optimiser = torch.optim.AdamW([*extractor.parameters(), *estimator.parameters()], lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for step in range(steps):
        size = TURNS[step % len(TURNS)]
        rows = torch.randint(SCENES[size], (BATCH_SIZE,), generator=keyed_generator(seed, "truth/order", step))
        images, damages = damage(pictures[size][rows], keyed_generator(seed, "truth/damage", step))
        features = extractor(images)
        optimiser.zero_grad()
        read = _loss(extractor.read(features), pools[size][rows])
        (read + DAMAGE_WEIGHT * F.mse_loss(estimator(features), damages)).backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        features = torch.cat([extractor(to_float(part)) for part in pictures[SIDE].split(512)])
    rescale(extractor.embedding, extractor.heads, features.double())
    return extractor.eval().requires_grad_(False)


def damage(images: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
    """Blurs pictures and adds noise, each to half of them only.

    Args:
        images: uint8 (N, 3, H, W).
        random: for the strengths and the noise.

    Returns:
        float32 pictures in [-1, 1], and the strengths of blur and noise in [0, 1], (N, 2).
    """
    damages = (2 * torch.rand(len(images), 2, generator=random) - 1).clamp(min=0)
    blur, noise = damages[:, :, None, None, None].unbind(1)
    clear = to_float(images)
    smooth = F.avg_pool2d(F.pad(clear, (1, 1, 1, 1), mode="replicate"), 3, stride=1)
    noisy = torch.lerp(clear, smooth, blur) + NOISE * noise * torch.randn(images.shape, generator=random)
    return noisy.clamp(-1, 1), damages


def _loss(told: dict[str, Tensor], known: Scenes) -> Tensor:
    period = periods(known.shape, known.count)
    numbers = {
        "middle": (known.middle - 0.5) / SPREAD,
        "size": ((known.size - 1) / (SIZES[1] - 1))[:, None],
        "colour": 2 * known.colour - 1,
        "ground": 2 * known.ground - 1,
    }
    off = [F.mse_loss(told[name], value.float()) for name, value in numbers.items()]
    turned = (known.angle * period).float()
    goal = torch.stack([turned.cos(), turned.sin()], 1)[:, None]
    readable = (period[:, None] == torch.tensor(ANGLED))[:, :, None]
    off.append(((told["angle"].view(-1, len(ANGLED), 2) - goal).square() * readable).sum((1, 2)).mean())
    classes = F.cross_entropy(told["shape"], known.shape) + F.cross_entropy(told["count"], known.count)
    return classes + NUMBERS_WEIGHT * torch.stack(off).sum()


def _estimator() -> nn.Linear:
    """The head that reads the damages and is dropped after training; it starts at 0."""
    head: nn.Linear = nn.utils.skip_init(nn.Linear, TruthExtractor.num_features, 2)  # leaves the global generator alone
    for weight in head.parameters():
        nn.init.zeros_(weight)
    return head


@torch.no_grad()
def accuracy(extractor: TruthExtractor, size: int) -> dict[str, float]:
    """The shares of test pictures whose factors the network alone reads right: name -> share, and "all" together."""
    known = scenes(TEST, "test")
    features = torch.cat([extractor(to_float(part)) for part in draw(known, size).split(512)])
    read, truth = extractor.factors(features), factors_of(known)
    right = {name: read[name] == truth[name] for name in truth}
    right["all"] = torch.stack(list(right.values())).all(0)
    return {name: float(values.double().mean()) for name, values in right.items()}


@torch.no_grad()
def reading(extractor: TruthExtractor, size: int) -> dict[str, float]:
    """How test pictures are read by drawing them anew.

    Returns:
        The shares that are found possible and whose mode is right; and of the latter the median error of the middle, in
        pixels, and the 99th percentile of the residual, in grey levels.
    """
    known = scenes(TEST, "test")
    found = read(extractor, draw(known, size))
    right = found.modes == modes(factors_of(known))
    off = size * (found.scenes.middle - known.middle).norm(dim=1)[right]
    return {
        "possible": float(found.possible.double().mean()),
        "mode right": float(right.double().mean()),
        "middle off by": float(off.median()),
        "residual": float(found.residual[right].quantile(0.99)),
    }


def describe(extractor: TruthExtractor) -> dict[str, object]:
    """What `truth.json` says of the weights: their digest, sizes and accuracy."""
    return {
        "weights_digest": weights_digest(extractor.state_dict()),
        "test_accuracy": {str(size): accuracy(extractor, size) for size in TESTED},
        "test_reading": {str(size): reading(extractor, size) for size in TESTED},
        "features": extractor.num_features,
        "parameters": sum(weight.numel() for weight in extractor.parameters()),
        "scenes": {"train": {str(size): count for size, count in SCENES.items()}, "test": TEST},
        "image_size": SIDE,
        "torch": torch.__version__,
    }


if __name__ == "__main__":
    main()
