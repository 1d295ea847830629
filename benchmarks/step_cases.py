"""Steps that are timed, as plain values: everything that one depends on, resolved, so that any process can build it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.candidates import loss_facts, task_facts
from benchmarks.plan import RECIPES
from benchmarks.task_settings import settings_of
from gan_losses.tasks import TASKS

Json = dict[str, Any]
# What cases had before they could have anything else. It is left out, so that older trees and baselines know the case.
BEFORE = {"network": "dcgan", "ema": 0.0, "augment": "none"}


@dataclass(frozen=True)
class StepCase:
    """One step: a task, a loss, and all that their cost depends on.

    Attributes:
        task: a name in `TASKS`.
        loss: as spelled ("bce+r1:10").
        settings: the task's settings and the recipe, resolved.
        batch_size: images per domain and update.
        precision: a name in `PRECISIONS`.
        device: "cpu" or "cuda".
        accelerate: a name in `gan_losses.acceleration.PACES`.
        ema: the decay of an average of the generators' weights, 0: none.
        augment: a name in `gan_losses.augmentation.AUGMENTATIONS`.
    """

    task: str
    loss: str
    settings: Mapping[str, Any]
    batch_size: int
    precision: str = "fp32"
    device: str = "cpu"
    accelerate: str = "off"
    ema: float = 0.0
    augment: str = "none"

    @property
    def name(self) -> str:
        """`<task>/<loss>`, as tables have it."""
        return f"{self.task}/{self.loss}"

    def as_json(self) -> Json:
        """What `benchmarks.step_worker.build` takes."""
        whole = {**asdict(self), "settings": _as_before(self.settings), "name": self.name}
        return _as_before(whole)


def step_case(
    task: str, loss: str, sizes: Mapping[str, Any], batch_size: int, recipe: str = "controlled", **more: Any
) -> StepCase:
    """The case with every setting in its place.

    Args:
        task: a name in `TASKS`.
        loss: as spelled by the user.
        sizes: the task's settings (`image_size`, `width`, …) and `channels`; the paper's where left out. A
            `discriminator_norm` or `n_critic` here goes before the recipe's.
        batch_size: images per domain and update.
        recipe: a name in `RECIPES`.
        more: precision, device, accelerate, ema, augment.

    Raises:
        UsageError: no such loss, or sizes that cannot be.

    Example:
        >>> case = step_case("dcgan", "wgangp", {"image_size": 16, "channels": 1}, 4, "published")
        >>> case.name, case.settings["n_critic"], case.settings["discriminator_norm"], case.settings["width"]
        ('dcgan/wgangp', 5, 'layer', 64)
    """
    facts = loss_facts(loss)
    own = TASKS[task].settled(settings_of({**sizes, "task": task}))
    made = RECIPES[recipe][0](facts, task_facts(task, own))
    channels = sizes.get("channels", TASKS[task].settings().channels)
    forced = {name: sizes[name] for name in ("discriminator_norm", "n_critic") if name in sizes}
    settings = {**own, **made, **forced, "channels": channels}
    return StepCase(task, facts.spelling or facts.name, settings, batch_size, **more)


def _as_before(values: Mapping[str, Any]) -> Json:
    return {name: value for name, value in values.items() if name not in BEFORE or value != BEFORE[name]}
