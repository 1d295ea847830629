"""The plain steps that ours are timed against, one for each task: what they need, and how they are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks import textbook, textbook_cyclegan
from benchmarks.plain_losses import PLAIN_LOSSES, plain_loss
from benchmarks.plain_networks import as_published
from gan_losses.data.base import Batch, Batches
from gan_losses.losses import Recipe
from gan_losses.tasks import Task

PlainStep = Callable[[int], object]
READY = 8  # batches that are made beforehand and used in turn


@dataclass(frozen=True)
class Yardstick:
    """A task's textbook step.

    Attributes:
        make: (task, loss, recipe, batches) -> the plain step on copies of these networks, where the batches are.
            The loss is a registered name, or one with penalties ("bce+r1").
        default_losses: that are compared unless the user says otherwise.
        recipe: ours, under which both do the same number of updates.
        channels: of the images.
        batch_size: images per update, unless the user says otherwise.
        settings: the task's, likewise.
    """

    make: Callable[[Task, str, Recipe, Batches], PlainStep]
    default_losses: tuple[str, ...]
    recipe: str
    channels: int
    batch_size: int
    settings: Mapping[str, Any]

    @property
    def losses(self) -> tuple[str, ...]:
        """All registered losses that it knows, the default ones first."""
        return tuple(dict.fromkeys([*self.default_losses, *PLAIN_LOSSES]))


def _ready(batches: Batches) -> list[Batch]:
    return [batches(index, 0) for index in range(READY)]


def _dcgan(task: Task, name: str, recipe: Recipe, batches: Batches) -> PlainStep:
    loss, images = plain_loss(name, textbook.LABELLED), [batch["image"] for batch in _ready(batches)]
    generator, discriminator = (
        as_published(networks["image"]).to(images[0].device) for networks in (task.generators, task.discriminators)
    )
    gan = textbook.TextbookGAN(
        generator, discriminator, recipe.learning_rate, recipe.betas, recipe.optimizer, recipe.n_critic
    )
    latents = int(task.latents)  # type: ignore[attr-defined]

    def step(index: int) -> object:
        real = images[index % READY]
        return gan.step(real, torch.randn(len(real), latents, dtype=real.dtype, device=real.device), loss)

    return step


def _cyclegan(task: Task, name: str, recipe: Recipe, batches: Batches) -> PlainStep:
    loss, ready = plain_loss(name, textbook_cyclegan.LABELLED), _ready(batches)
    generators = {"a->b": task.generators["b"], "b->a": task.generators["a"]}
    makers, judges = (
        {key: as_published(network).to(ready[0]["a"].device) for key, network in networks.items()}
        for networks in (generators, task.discriminators)
    )
    gan = textbook_cyclegan.TextbookCycleGAN(
        makers, judges, recipe.learning_rate, recipe.betas, recipe.optimizer, recipe.n_critic
    )
    return lambda index: gan.step(ready[index % READY]["a"], ready[index % READY]["b"], loss)


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
