"""The command line and the suite files -> one validated set of options."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.executors.registry import EXECUTORS
from benchmarks.option_checks import check_options
from benchmarks.option_values import READERS
from benchmarks.parser import make_parser
from benchmarks.plan import NONE, recipe_names
from benchmarks.records import TUNED
from benchmarks.suite_files import QUICK, Suite, default_out, find_suite
from benchmarks.task_settings import settings_of, sweep_of
from benchmarks.tuning import Search, of_draws, of_grid
from benchmarks.tuning_grid import Grid
from benchmarks.tuning_options import settled, tuned_by
from benchmarks.tuning_space import Space
from gan_losses.command_line import shortened
from gan_losses.errors import UsageError, unknown_name
from gan_losses.metrics import DEFAULT
from gan_losses.tasks import TASKS


@dataclass(frozen=True)
class Options:
    """Everything a run is asked for; the defaults are in the suite files.

    Attributes:
        settings: the task's own, by name.
        sweep: settings of the task that are given several values each, instead of the one in `settings`.
        data: the sets of images, each by its spec.
        recipe: names joined by commas, or "both".
        grid: what recipe `tuned` chooses from, by name, where nothing is drawn.
        tune: points that are drawn for it from `space`; None: it takes all of the grid.
        tune_by: the metric that it chooses by, declared before the run.
        tuning_seeds: of the trials by which it does.
        n_critic, discriminator_norm: of all losses, in the recipes of `plan.EQUAL`; None are the recipes' own.
        equivalence: the share within which losses count as equivalent, declared before the run.
        target: metric -> the value to be reached, declared likewise.
        crop: pixels by which training images are larger than what is cut out of them.
        features: that distances are taken in; None are those that suit the data.
        repeats: further draws of latents that the best and the final weights are scored on.
        fakes: in a result; None are as many as there are real images.
        retry: statuses of cells that are trained again.
        checkpoint_every: seconds of training from one checkpoint to the next; 0: only where a run is told to stop.
        deterministic: whether a GPU is to give the same numbers for the same run.
        executor: where cells run, a name in `benchmarks.executors.registry.EXECUTORS`.
        address: of the cluster; None starts one on this machine.
        cpus_per_cell, gpus_per_cell: that a cell takes of a cluster's node; None are what suits the device.
        storage: whether the nodes see the output folder, a name in `parser.STORAGE`.
        node_retries: how often a cell whose node was lost goes on elsewhere.
        tensorboard: whether the run's curves are also written for TensorBoard.
        published: figures of the literature that a suite file quotes, for the table beside ours.
        drawn: the space and all points that the folder's trials were drawn from (`benchmarks.drawn`).
    """

    preset: str
    losses: tuple[str, ...]
    penalties: tuple[str, ...]
    unexamined: bool
    task: str
    data: tuple[str, ...]
    classes: tuple[str, ...]
    bad_images: str
    data_root: Path | None
    download: bool
    settings: dict[str, Any]
    sweep: dict[str, tuple[Any, ...]]
    batch_size: int
    schedule: str
    crop: int
    flip: bool
    augment: str
    ema: float
    steps: int
    seconds: float | None
    seeds: tuple[int, ...]
    recipe: str
    grid: Grid
    tune: int | None
    space: Space
    tune_by: str
    tuning_seeds: tuple[int, ...]
    n_critic: int | None
    discriminator_norm: str | None
    equivalence: float
    target: dict[str, float]
    features: tuple[str, ...] | None
    weights: Path | None
    weights_sha256: str | None
    feature_precision: str
    metrics: tuple[str, ...]
    real: str
    fakes: int | None
    repeats: int
    eval_every: int
    log_every: int
    timing_rounds: int
    device: str
    precision: str
    accelerate: str
    workers: int | None
    executor: str
    address: str | None
    cpus_per_cell: int | None
    gpus_per_cell: float | None
    storage: str
    node_retries: int
    out: Path
    force: bool
    retry: tuple[str, ...]
    checkpoint_every: float
    deterministic: bool
    tensorboard: bool
    quiet: bool
    list: bool
    dry_run: bool
    published: tuple[dict[str, Any], ...] = ()
    drawn: dict[str, Any] | None = None

    def variants(self) -> Iterator[dict[str, Any]]:
        """The task's settings, once for each combination of what is swept."""
        for values in product(*self.sweep.values()):
            yield {**self.settings, **dict(zip(self.sweep, values, strict=True))}

    @property
    def equal(self) -> dict[str, Any]:
        """What all losses have in common in place of what their recipe says."""
        given = {"n_critic": self.n_critic, "discriminator_norm": self.discriminator_norm}
        return {name: value for name, value in given.items() if value is not None}

    @property
    def tuned(self) -> bool:
        """Whether anything is to be chosen by trials."""
        return TUNED in recipe_names(self.recipe)

    @property
    def search(self) -> Search:
        """What recipe `tuned` chooses from; points have to be drawn before."""
        if self.tune:
            assert self.drawn is not None
            return of_draws(self.drawn, self.tune, self.tuning_seeds, self.tune_by)
        return of_grid(self.grid, self.tuning_seeds, self.tune_by)


def read_options(arguments: list[str] | None) -> Options:
    """Parse, fill in from the preset, check.

    Raises:
        UsageError: anything that cannot be meant, in one sentence of one line.
    """
    try:
        return _options(vars(make_parser().parse_args(arguments)))
    except UsageError as error:
        raise UsageError(shortened(str(error))) from error


def _options(given: dict[str, Any]) -> Options:
    given = {name: value for name, value in given.items() if value is not None}
    suite = find_suite(given["preset"])
    values = _filled(suite, given)
    for name, read in READERS.items():
        with _naming("" if name in given else suite.place and f"{suite.place}{name.replace('_', '-')}: "):
            values[name] = read(values[name])
    values["out"] = values["out"] or default_out(suite)
    with _naming(suite.place):
        values["tune_by"] = tuned_by(values["tune_by"], values["metrics"])
        values["settings"] = settings_of(values)
        values["sweep"] = sweep_of(values)
        options = Options(
            **{
                **{field.name: values[field.name] for field in fields(Options) if field.name != "drawn"},
                "preset": suite.name,
            }
        )
        check_options(options)
    return options


@contextmanager
def _naming(place: str) -> Iterator[None]:
    """Begin the sentence of a mistake with where it stands."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{place}{error}") from error


def _filled(suite: Suite, given: dict[str, Any]) -> dict[str, Any]:
    """Option -> value: as given, else as the suite file has it, else as the quick preset has it if the file is a user's."""
    quick = find_suite(QUICK)
    task = str(given.get("task") or suite.task() or quick.task())
    if task not in TASKS:
        raise unknown_name("task", task, list(TASKS))
    below = quick.values(task) if suite.place else {}
    own = suite.values(task)
    for values, place in ((given, ""), (own, suite.place)):
        if values.get("seconds") and values.get("steps"):
            raise UsageError(f"{place}--steps and --seconds exclude each other: give one budget.")
    if given.get("steps"):
        own.pop("seconds", None)
    given, own = settled(given, own, str(below.get("recipe", "")), suite.place)
    return {**_FALLBACKS, **below, **own, **given, "task": task}


_FALLBACKS: dict[str, Any] = {
    "penalties": NONE,
    "schedule": "none",
    "crop": 0,
    "flip": False,
    "augment": "none",
    "ema": 0.0,
    "classes": "",
    "download": False,
    "sweep": (),
    "grid": (),
    "tune": None,
    "space": (),
    "tune_by": None,
    "tuning_seeds": "1000,1001",
    "n_critic": None,
    "discriminator_norm": None,
    "equivalence": 0.1,
    "target": (),
    "repeats": 0,
    "published": (),
    "data_root": None,
    "features": None,
    "weights": None,
    "weights_sha256": None,
    "feature_precision": "fp32",
    "metrics": ",".join(DEFAULT),
    "real": "test",
    "fakes": None,
    "bad_images": "stop",
    "seconds": None,
    "device": "auto",
    "precision": "fp32",
    "accelerate": "auto",
    "workers": "auto",
    "executor": "local",
    **{option: default for executor in EXECUTORS.values() for option, default in executor.takes.items()},
    "out": None,
    "retry": "",
    "checkpoint_every": 30.0,
    "deterministic": False,
}
