"""All tasks by name. To add one: write its class in a file here and add one line to `TASKS`."""

from gan_losses.tasks.base import Norms, Task
from gan_losses.tasks.cyclegan import CycleGAN, CycleGANSettings
from gan_losses.tasks.dcgan import DCGAN, DCGANSettings

TASKS: dict[str, type[Task]] = {
    "dcgan": DCGAN,
    "cyclegan": CycleGAN,
}

__all__ = ["DCGAN", "TASKS", "CycleGAN", "CycleGANSettings", "DCGANSettings", "Norms", "Task"]
