"""Trains the classifier behind the digits features: `python -m gan_losses.metrics.train_digits`.

It sees the 1,000 training digits at 16 x 16 pixels alone, so that validation and test images are as new to it as to
the GANs that it judges, and writes `digits.safetensors` and `digits.json` beside this file.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor
from torch.nn import functional as F

from gan_losses.data import DataSet, Split, load_data, to_float
from gan_losses.metrics.digits import COMMAND, FACTS, SIDE, WEIGHTS, DigitsExtractor
from gan_losses.metrics.extractor import weights_digest
from gan_losses.metrics.shipped import rescale, untrained
from gan_losses.random import keyed_generator

BATCH_SIZE = 50
RATE = 2e-3


def main(arguments: list[str] | None = None) -> None:
    """Trains, prints the accuracy and writes both files."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--epochs", type=int, default=100, help="passes over the 1,000 training images")
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and distortions")
    parser.add_argument("--folder", type=Path, default=WEIGHTS.parent, help="where the two files are written")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    torch.set_num_threads(1)  # the sums' order, and with it the weights, depends on the number of threads
    data = load_data("digits", SIDE)
    extractor = train(data, options.epochs, options.seed)
    facts = {"command": COMMAND, "epochs": options.epochs, "seed": options.seed, **describe(extractor, data)}
    (options.folder / WEIGHTS.name).write_bytes(save(extractor.state_dict()))
    (options.folder / FACTS.name).write_text(json.dumps(facts, indent=2) + "\n")
    print(f"test accuracy {facts['test_accuracy']:.4f}, {time.perf_counter() - started:.0f} s")


def train(data: DataSet, epochs: int, seed: int) -> DigitsExtractor:
    """A classifier after `epochs` of AdamW with a cosine schedule on distorted training images, its features scaled."""
    extractor = untrained(DigitsExtractor, seed)
    images, labels = _tensors(data.train)
    steps = epochs * len(images) // BATCH_SIZE
    optimiser = torch.optim.AdamW(extractor.parameters(), lr=RATE, weight_decay=0.05)
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * 0.5 * (1 + math.cos(math.pi * step / steps))
        rows = torch.randint(len(images), (BATCH_SIZE,), generator=keyed_generator(seed, "digits/order", step))
        distorted = distort(images[rows], keyed_generator(seed, "digits/distort", step))
        logits = extractor.classify(extractor(distorted))
        optimiser.zero_grad()
        F.cross_entropy(logits, labels[rows], label_smoothing=0.1).backward()
        optimiser.step()
    standardise(extractor, images)
    return extractor.eval().requires_grad_(False)


def distort(images: Tensor, generator: torch.Generator) -> Tensor:
    """Each image turned by up to 12 degrees, scaled by up to 12 % and shifted by up to 1.5 pixels, black outside.

    Args:
        images: float32 (N, 1, H, W) in [-1, 1].
        generator: draws four uniform numbers per image.
    """
    draws = torch.rand(len(images), 4, generator=generator) * 2 - 1
    angle, scale = draws[:, 0] * math.radians(12), 1 + 0.12 * draws[:, 1]
    shift = draws[:, 2:] * (1.5 * 2 / images.shape[-1])
    cosine, sine = scale * angle.cos(), scale * angle.sin()
    rows = [torch.stack([cosine, -sine, shift[:, 0]], 1), torch.stack([sine, cosine, shift[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), list(images.shape), align_corners=False)
    return F.grid_sample(images + 1, grid, align_corners=False) - 1  # zeros outside mean black before the - 1


@torch.no_grad()
def standardise(extractor: DigitsExtractor, images: Tensor) -> None:
    """Gives each feature mean 0 and variance 1 over `images`; the classifier makes up for it, its logits stay."""
    rescale(extractor.embedding, extractor.classifier, extractor(images).double())


@torch.no_grad()
def accuracy(extractor: DigitsExtractor, split: Split) -> float:
    """The share of the images of `split` whose largest logit is that of their label."""
    images, labels = _tensors(split)
    return float((extractor.classify(extractor(images)).argmax(1) == labels).double().mean())


def describe(extractor: DigitsExtractor, data: DataSet) -> dict[str, object]:
    """What `digits.json` says of the weights: their digest, sizes and accuracy, and the data they come from."""
    return {
        "weights_digest": weights_digest(extractor.state_dict()),
        "test_accuracy": accuracy(extractor, data.test),
        "validation_accuracy": accuracy(extractor, data.validation),
        "classes": extractor.num_classes,
        "features": extractor.num_features,
        "parameters": sum(weight.numel() for weight in extractor.parameters()),
        "images": {"train": len(data.train), "validation": len(data.validation), "test": len(data.test)},
        "image_size": SIDE,
        "data_digest": data.digest,
        "torch": torch.__version__,
    }


def _tensors(split: Split) -> tuple[Tensor, Tensor]:
    if split.labels is None:
        raise ValueError("a classifier needs labels")
    return to_float(split.images["image"]), split.labels


if __name__ == "__main__":
    main()
