"""What options have to be together, beside what each has to be by itself."""

from typing import TYPE_CHECKING

from benchmarks.bounds import check_cells, check_memory, check_out
from benchmarks.evaluation import selecting
from benchmarks.executors.registry import EXECUTORS
from benchmarks.plan import EQUAL, recipe_names
from benchmarks.tuning_grid import points
from gan_losses.data import DATA
from gan_losses.errors import UsageError
from gan_losses.metrics import FEATURES
from gan_losses.tasks import TASKS

if TYPE_CHECKING:
    from benchmarks.options import Options

MOST_REPEATS = 100
MOST_UPDATES = 1000


def check_options(options: "Options") -> None:
    """Refuse options that contradict each other, and what no machine can do.

    Raises:
        UsageError: the first that is found, in one sentence.
    """
    selecting(options.metrics)
    _check_weights(options)
    check_out(options.out, options.data_root)
    _check_fakes(options)
    _check_classes(options)
    if options.list:
        return
    _check_counts(options)
    _check_tuning_seeds(options)
    _check_equal(options)
    _check_executor(options)
    largest = {name: max(several) for name, several in options.sweep.items()}
    check_memory(options.task, {**options.settings, **largest}, options.batch_size, options.crop)


def _check_weights(options: "Options") -> None:
    taking = [name for name, features in FEATURES.items() if features.takes_weights]
    if options.weights and not set(taking) & set(options.features or ()):
        raise UsageError(f"--weights is for --features {' or '.join(taking)}: name them, or leave the file out.")
    if options.weights_sha256 and not options.weights:
        raise UsageError("--weights-sha256 names the hash of a file: give the file, too, with --weights FILE.")


def _check_fakes(options: "Options") -> None:
    if TASKS[options.task].sources and options.fakes:
        raise UsageError(f"--fakes: task {options.task} makes one fake of each real image; leave it out.")
    if TASKS[options.task].sources and options.repeats:
        raise UsageError(f"--repeats: task {options.task} has no latents to draw again; leave it out.")
    if options.repeats > MOST_REPEATS:
        raise UsageError(f"--repeats {options.repeats}: expected a whole number of at most {MOST_REPEATS}.")


def _check_classes(options: "Options") -> None:
    """Before anything is loaded: every set has to have classes where some are chosen."""
    without = [spec for spec in options.data if not DATA[spec.partition(":")[0]].has_classes]
    if options.classes and without:
        raise UsageError(f"--classes: data {', '.join(without)} has none to choose from; leave one or the other out.")


def _check_counts(options: "Options") -> None:
    counts = {"losses": len(options.losses), "penalties": len(options.penalties), "data sets": len(options.data)}
    counts |= {f"values of {name.replace('_', '-')}": len(several) for name, several in options.sweep.items()}
    check_cells({**counts, "recipes": len(recipe_names(options.recipe)), "seeds": len(options.seeds)})
    if options.tuned:
        tried = {"points": options.tune} if options.tune else {"points of the grid": len(points(options.grid))}
        check_cells({**counts, **tried, "seeds": len(options.tuning_seeds)})


def _check_tuning_seeds(options: "Options") -> None:
    both = sorted({*options.seeds} & {*options.tuning_seeds}) if options.tuned else []
    if both:
        seeds = ", ".join(map(str, both))
        raise UsageError(
            f"--tuning-seeds and --seeds both have {seeds}: what is chosen on a seed is not judged on it; take others."
        )


def _check_equal(options: "Options") -> None:
    if options.equal and not set(recipe_names(options.recipe)) & set(EQUAL):
        name = next(iter(options.equal)).replace("_", "-")
        raise UsageError(f"--{name} is for the recipes {' and '.join(EQUAL)}: name one of them, or leave it out.")
    if options.n_critic and options.n_critic > MOST_UPDATES:
        raise UsageError(f"--n-critic {options.n_critic}: expected a whole number of at most {MOST_UPDATES}.")


def _check_executor(options: "Options") -> None:
    """What only one executor has, asked of another, is a slip."""
    for name, executor in EXECUTORS.items():
        for option, default in executor.takes.items() if name != options.executor else ():
            if getattr(options, option) != default:
                spelled = option.replace("_", "-")
                raise UsageError(f"--{spelled} is for --executor {name}: add that, or leave --{spelled} out.")
