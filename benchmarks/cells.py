"""From a cell's settings to the objects that train it: the one place that knows how the parts fit together."""

from collections.abc import Callable
from typing import Any

import torch

from benchmarks.plan import Cell
from gan_losses.acceleration import PACES
from gan_losses.data.base import Batches, DataSet, to_float
from gan_losses.losses import Recipe, get_loss
from gan_losses.probes import SaturationProbe
from gan_losses.tasks import TASKS, Task
from gan_losses.timing import no_clock
from gan_losses.training import Placement, Training

HELD_OUT = 64


def placement_of(settings: dict[str, Any]) -> Placement:
    """Where and in which precision the cell runs."""
    return Placement(
        torch.device(settings["device"]),
        settings["precision"],
        settings["channels_last"],
        settings.get("deterministic", False),
    )


def recipe_of(settings: dict[str, Any]) -> Recipe:
    """The recipe among the settings."""
    return Recipe(
        settings["optimizer"],
        settings["learning_rate"],
        (settings["betas"][0], settings["betas"][1]),
        settings["discriminator_norm"],
        settings["n_critic"],
    )


def build_task(cell: Cell) -> Task:
    """The cell's networks with their initial weights."""
    return TASKS[cell.task].from_settings(cell.settings, cell.seed)


def build_probe(cell: Cell, training: Training, data: DataSet) -> SaturationProbe:
    """The cell's saturation probe; the held-out images are the first of the validation split."""
    device = training.placement.device
    held_out = {domain: to_float(images[:HELD_OUT].to(device)) for domain, images in data.validation.images.items()}
    networks = training.task.generators, training.judges
    return SaturationProbe(*networks, training.loss, every=cell.settings["log_every"], held_out=held_out)


def build_training(cell: Cell, data: DataSet, clock: Callable[[str], None] = no_clock, probed: bool = True) -> Training:
    """Everything that trains the cell.

    Args:
        cell: with its settings.
        data: the images.
        clock: called with each phase's name.
        probed: whether a saturation probe is built too (`Training.probe`); enter it before training.
    """
    placement, loss, task = placement_of(cell.settings), get_loss(cell.spelling), build_task(cell)
    settings = cell.settings
    batches = Batches(
        data.train,
        settings["batch_size"],
        cell.seed,
        placement.device,
        settings["image_size"],
        settings.get("flip", False),
    )
    how = {
        "schedule": settings.get("schedule", "none"),
        "steps": settings["steps"],
        "accelerate": settings.get("accelerate", "off"),
        "ema": settings.get("ema", 0.0),
        "augment": settings.get("augment", "none"),
    }
    training = Training(task, loss, recipe_of(settings), batches, placement, cell.seed, clock, **how)
    if probed:
        training.probe = build_probe(cell, training, data)
    return training


def acceleration_of(training: Training) -> dict[str, str | None]:
    """What a record says of how its updates were run: the pace, and why some were not."""
    used = next(name for name, pace in PACES.items() if type(training.pace) is pace)
    return {"used": used, "why_not": training.pace.why_not}
