"""The grounds on which losses are compared: each data set of a run with the cells that are trained on it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.candidates import candidates, examine_own, task_facts
from benchmarks.evaluation import measured_along
from benchmarks.options import Options
from benchmarks.plan import Cell, DataFacts, LossFacts, Plan, make_plan
from benchmarks.records import TUNED
from gan_losses.acceleration import resolve_acceleration
from gan_losses.data import DATA, DataSet, load_data
from gan_losses.errors import UsageError, unknown_name
from gan_losses.metrics import Place, get_features
from gan_losses.tasks import TASKS

Json = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """A data set and what is trained on it.

    Attributes:
        data: the images.
        plan: the cells that are judged. Until they are chosen, those of recipe `tuned` have settings in place of theirs.
        trials: by which they are chosen.
        chosen: whether they are.
        store: the data set's folder, once it is written.
    """

    data: DataSet
    plan: Plan
    trials: tuple[Cell, ...] = ()
    chosen: bool = False
    store: Path | None = None

    @property
    def tuned(self) -> tuple[Cell, ...]:
        """The cells that trials choose settings for."""
        return tuple(cell for cell in self.plan.cells if cell.recipe == TUNED)

    @property
    def certain(self) -> tuple[Cell, ...]:
        """All others."""
        return tuple(cell for cell in self.plan.cells if cell.recipe != TUNED)

    @property
    def known(self) -> tuple[Cell, ...]:
        """All cells whose settings are known, trials included."""
        return (*self.trials, *(self.plan.cells if self.chosen else self.certain))


def load_grounds(options: Options, device: str, place: Place) -> tuple[Ground, ...]:
    """Load every data set and plan its cells.

    Args:
        options: of the run.
        device: "cpu" or "cuda", where the cells run.
        place: where the features' weights are; says what the user has to know.

    Raises:
        UsageError: a data set of other domains, or the same images twice; nothing to train; a target that is not measured.
    """
    for spec in options.data:
        _check_data(options, spec)
    facts = candidates(options.losses, options.penalties)
    if not options.unexamined:
        examine_own(options.losses)
    sets = [_load(options, spec, place.say) for spec in options.data]
    names = [(data.name, data.digest) for data in sets]
    for parts in zip(*names, strict=True):
        twins = [spec for spec, part in zip(options.data, parts, strict=True) if parts.count(part) > 1]
        if twins:
            raise UsageError(f"--data: {' and '.join(twins)} are the same images; name them once.")
    grounds = tuple(Ground(data, _plan(options, data, facts, device, place)) for data in sets)
    for ground in grounds:
        if not ground.plan.cells:
            cell, reason = ground.plan.skipped[0]
            raise UsageError(f"nothing to train: {cell.loss} is skipped, because {reason.rstrip('.')}.")
    _check_target(options, grounds, place)
    return grounds


def _check_data(options: Options, spec: str) -> None:
    """Before anything is downloaded."""
    name, _, argument = spec.partition(":")
    if argument and os.path.realpath(argument) == os.path.realpath(options.out):  # resolve() raises at a loop of links
        raise UsageError(f"--out {options.out} is the folder of the images; name another one.")
    wanted, given = TASKS[options.task].domains, DATA[name].domains_of(argument)
    if set(given) != set(wanted):
        fitting = ", ".join(name for name, source in DATA.items() if source.domains == wanted)
        raise UsageError(
            f"task {options.task} takes data with the domains {', '.join(wanted)}, and {spec} has "
            f"{', '.join(given)}: take one of {fitting}."
        )


def _load(options: Options, spec: str, say: Callable[[str], None]) -> DataSet:
    size = options.settings["image_size"]
    return load_data(
        spec, size, options.bad_images, size + options.crop, options.data_root, say, options.download, options.classes
    )


def _plan(options: Options, data: DataSet, losses: Sequence[LossFacts], device: str, place: Place) -> Plan:
    features = options.features or (data.features,)
    extractors = [get_features(name, data.channels, place) for name in features]
    shared = {
        **_shared(options, device),
        "train_size": data.train_size,
        "features": ",".join(features),
        "features_digest": ",".join(extractor.weights_digest for extractor in extractors),
        "skipped_images": len(data.skipped),
    }
    of_data = DataFacts(data.name, data.digest, data.channels, data.image_size, shared["features"])
    settled = TASKS[options.task].settled
    variants = [{**shared, **settled(settings)} for settings in options.variants()]
    facts = partial(task_facts, options.task)
    return make_plan(facts, options.recipe, options.seeds, variants, losses, of_data, options.equal)


def _shared(options: Options, device: str) -> Json:
    """The settings that all cells of a run share, whatever their data set."""
    shared: Json = {
        "steps": options.steps,
        "seconds": options.seconds,
        "batch_size": options.batch_size,
        "schedule": options.schedule,
        "flip": options.flip,
        "precision": options.precision,
        "accelerate": resolve_acceleration(options.accelerate, device),
        "device": device,
        "feature_precision": options.feature_precision,
        "metrics": list(options.metrics),
        "real": options.real,
        "fakes": options.fakes,
        "augment": options.augment,
        "ema": options.ema,
        "eval_every": options.eval_every,
        "log_every": min(options.log_every, options.steps),
    }
    if options.deterministic and device == "cuda":  # no setting elsewhere: a CPU is deterministic
        shared["deterministic"] = True
    if options.repeats:  # no setting without: then a cell is the same as before there were any
        shared["repeats"] = options.repeats
    return shared


def _check_target(options: Options, grounds: Sequence[Ground], place: Place) -> None:
    """A target of what is not measured along the way could never be reached: a slip."""
    if not options.target:
        return
    known = dict.fromkeys(
        name for ground in grounds for name in measured_along(ground.plan.cells[0], ground.data, place)
    )
    for metric in options.target:
        if metric not in known:
            raise unknown_name("metric for --target", metric, list(known))
