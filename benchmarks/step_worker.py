"""Builds steps from plain values. Imports nothing of this suite but `gan_losses`, so that it also builds another tree's."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from gan_losses.data.base import Batches, Split
from gan_losses.losses import Recipe, get_loss
from gan_losses.tasks import TASKS, Task
from gan_losses.timing import no_clock
from gan_losses.training import Placement, Training

Json = Mapping[str, Any]
STORED = 8  # batches of random images in memory


def recipe_of(case: Json) -> Recipe:
    """The recipe among a case's settings."""
    settings = case["settings"]
    betas = (settings["betas"][0], settings["betas"][1])
    norm, n_critic = settings["discriminator_norm"], settings["n_critic"]
    return Recipe(settings["optimizer"], settings["learning_rate"], betas, norm, n_critic)


def task_of(case: Json) -> Task:
    """The case's networks, with the initial weights of seed 0."""
    return TASKS[case["task"]].from_settings(case["settings"], 0)


def batches_of(case: Json) -> Batches:
    """Random images in memory, the same for every case of these sizes."""
    settings = case["settings"]
    size = settings["image_size"]
    shape = (STORED * case["batch_size"], settings["channels"], size, size)
    random = torch.Generator().manual_seed(0)
    images = {
        domain: torch.randint(0, 256, shape, dtype=torch.uint8, generator=random)
        for domain in TASKS[case["task"]].domains
    }
    return Batches(Split(images), case["batch_size"], 0, case["device"])


def build(case: Json, clock: Callable[[str], None] = no_clock) -> Training:
    """The training whose steps are timed.

    Args:
        case: of `benchmarks.step_cases.StepCase.as_json`.
        clock: called with each phase's name.
    """
    layout = TASKS[case["task"]].channels_last
    placement = Placement(torch.device(case["device"]), case["precision"], layout)
    return Training(task_of(case), get_loss(case["loss"]), recipe_of(case), batches_of(case), placement, 0, clock)
