"""The plain steps that ours are timed against, one for each task: what they need, and how they are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks import textbook, textbook_cyclegan
from gan_losses.data.base import Batch, Batches
from gan_losses.losses import Recipe
from gan_losses.tasks import Task

PlainStep = Callable[[int], object]
READY = 8  # batches that are made beforehand and used in turn


@dataclass(frozen=True)
class Yardstick:
    """A task's textbook step.

    Attributes:
        make: (task, loss's name, recipe, batches) -> the plain step on these networks, which it may change.
        losses: that it knows.
        recipe: ours, under which both do the same number of updates.
        channels: of the images.
        batch_size: images per update, unless the user says otherwise.
        settings: the task's, likewise.
    """

    make: Callable[[Task, str, Recipe, Batches], PlainStep]
    losses: tuple[str, ...]
    recipe: str
    channels: int
    batch_size: int
    settings: Mapping[str, Any]


def _ready(batches: Batches) -> list[Batch]:
    return [batches(index, 0) for index in range(READY)]


def _dcgan(task: Task, name: str, recipe: Recipe, batches: Batches) -> PlainStep:
    networks = task.generators["image"], task.discriminators["image"]
    step = textbook.steps(textbook.TextbookGAN(*networks, recipe.learning_rate, recipe.betas))[name]
    images = [batch["image"] for batch in _ready(batches)]
    latents = int(task.latents)  # type: ignore[attr-defined]
    return lambda index: step(images[index % READY], torch.randn(batches.batch_size, latents))


def _cyclegan(task: Task, name: str, recipe: Recipe, batches: Batches) -> PlainStep:
    generators = {"a->b": task.generators["b"], "b->a": task.generators["a"]}
    makers, judges = (
        {key: textbook_cyclegan.as_published(network) for key, network in networks.items()}
        for networks in (generators, task.discriminators)
    )
    gan = textbook_cyclegan.TextbookCycleGAN(makers, judges, recipe.learning_rate, recipe.betas)
    step, ready = textbook_cyclegan.steps(gan)[name], _ready(batches)
    return lambda index: step(ready[index % READY]["a"], ready[index % READY]["b"])


YARDSTICKS: dict[str, Yardstick] = {
    "dcgan": Yardstick(
        _dcgan, ("bce", "lsgan", "wgangp"), "published", 1, 64, {"image_size": 32, "width": 32, "latents": 100}
    ),
    "cyclegan": Yardstick(
        _cyclegan,
        ("lsgan", "bce", "wgangp"),
        "controlled",
        3,
        1,
        {"image_size": 128, "width": 32, "blocks": 6, "layers": 3, "discriminator_width": 32},
    ),
}
