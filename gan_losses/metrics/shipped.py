"""What the extractors whose weights ship with the package have in common: first weights, scaling, loading."""

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from gan_losses.errors import UsageError
from gan_losses.metrics.extractor import Extractor, weights_digest
from gan_losses.random import keyed_generator

Shipped = TypeVar("Shipped", bound=Extractor)


def load_shipped(build: Callable[[], Shipped], weights: Path, facts: Path, command: str) -> Shipped:
    """An extractor with its shipped weights, in eval mode and without gradients of its own.

    Args:
        build: makes the extractor; its class has the `name` that is spoken of.
        weights: the safetensors file.
        facts: the JSON file beside it, with the weights' digest.
        command: trains the extractor anew.

    Raises:
        UsageError: if a file is missing or damaged, or if the weights are not those that the JSON file describes.
    """
    with torch.device("meta"):  # no weights are drawn, so the global generator is left alone
        extractor = build()
    remedy = f"install the package again or run {command}"
    try:
        state = load_file(weights)
        expected = json.loads(facts.read_text())["weights_digest"]
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise UsageError(f"cannot read the weights of the {extractor.name} features ({error}): {remedy}.") from error
    found = weights_digest(state)
    if found != expected:
        raise UsageError(f"{weights.name} has digest {found}, and {facts.name} says {expected}: {remedy}.")
    extractor.load_state_dict(state, assign=True)
    extractor.weights_digest = found
    return extractor.eval().requires_grad_(False)


def untrained(build: Callable[[], Shipped], seed: int) -> Shipped:
    """An extractor with He's uniform weights and biases of 0, drawn from the streams `<name>/<parameter>`."""
    with torch.device("meta"):
        extractor = build()
    extractor.to_empty(device="cpu")
    for name, weight in extractor.named_parameters():
        bound = math.sqrt(6 / weight[0].numel()) if weight.dim() > 1 else 0.0
        draws = torch.rand(weight.shape, generator=keyed_generator(seed, f"{extractor.name}/{name}"))
        weight.data.copy_(draws.mul_(2).sub_(1).mul_(bound))
    return extractor


@torch.no_grad()
def rescale(embedding: nn.Linear, head: nn.Linear, features: Tensor) -> None:
    """Gives each feature mean 0 and variance 1 over `features`; the head makes up for it, its values stay.

    Args:
        embedding: the layer whose outputs are the features.
        head: the layer that reads them.
        features: float64 (N, number of features), outputs of the embedding.
    """
    spread, mean = (part.float() for part in torch.std_mean(features, dim=0))
    head.bias.add_(head.weight @ mean)
    head.weight *= spread
    embedding.bias.sub_(mean).div_(spread)
    embedding.weight /= spread[:, None]
