"""Options -> cells. Knows neither torch nor a formula: facts of losses and data come as arguments."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from math import ceil
from typing import Any

from benchmarks import records

Settings = dict[str, Any]


@dataclass(frozen=True)
class LossFacts:
    """What the plan needs to know of a loss.

    Attributes:
        name: what it is called in records and reports.
        definition: the loss's repr, with all constants, and a digest of its source where that is the user's own.
        published: the paper's recipe, as a dict.
        allows_batch_norm: whether its discriminator may mix samples.
        discriminator_norm: the norm that it needs, whatever the recipe; None for any.
        spelling: what `gan_losses.get_loss` makes it from; None is the name.
        base: the name without added penalties; None is the name.
        penalties: that were added, as spelled.
        conflict: why it cannot be trained; None for a loss that can.
        trains_discriminator: False for a control without an adversary.
    """

    name: str
    definition: str
    published: Mapping[str, Any]
    allows_batch_norm: bool = True
    discriminator_norm: str | None = None
    spelling: str | None = None
    base: str | None = None
    penalties: tuple[str, ...] = ()
    conflict: str | None = None
    trains_discriminator: bool = True


@dataclass(frozen=True)
class TaskFacts:
    """What the plan needs to know of a task.

    Attributes:
        name: of the task.
        published_norm: the discriminator's norm in the task's paper, for losses that ask for none.
        controlled_norm: the norm that all losses share in a controlled comparison.
        channels_last: the memory layout that its networks gain from.
        trains_alone: whether its generators learn something without any adversary.
        norms: that its discriminators can be built with; None for all.
    """

    name: str
    published_norm: str = "batch"
    controlled_norm: str = "group"
    channels_last: bool = True
    trains_alone: bool = False
    norms: tuple[str, ...] | None = None

    def builds(self, norm: str) -> bool:
        """Whether its discriminators can be built with that norm."""
        return self.norms is None or norm in self.norms


@dataclass(frozen=True)
class DataFacts:
    """What the plan needs to know of a data set."""

    name: str
    digest: str
    channels: int
    image_size: int
    features: str


@dataclass(frozen=True)
class Cell:
    """One training: (task, data set, loss, recipe, seed) with every setting resolved."""

    task: str
    data: str
    recipe: str
    loss: str
    seed: int
    settings: Settings = field(hash=False)

    @property
    def key(self) -> Settings:
        """The five names that say which cell it is."""
        return {"task": self.task, "data": self.data, "recipe": self.recipe, "loss": self.loss, "seed": self.seed}

    @property
    def folder(self) -> str:
        """Where its record lies under the output folder; also its id."""
        names = (records.slug(str(self.key[name])) for name in ("task", "data", "recipe", "loss"))
        kept = {name: value for name, value in self.settings.items() if name != SPELLING}
        return "/".join([*names, f"seed{self.seed}-{records.digest({**kept, **self.key})}"])

    @property
    def spelling(self) -> str:
        """What the loss is made from: a name, or the place of the user's own class."""
        return str(self.settings.get(SPELLING) or self.loss)

    @property
    def step_digest(self) -> str:
        """8 hexadecimal digits of what a step's time depends on: everything but seed, length and what is recorded."""
        # A trial's step is that of the recipe that is chosen by it, whatever the numbers.
        chosen = records.CHOSEN if self.recipe in (records.TRIAL, records.TUNED) else ()
        kept = {name: value for name, value in self.settings.items() if name not in (*NOT_IN_A_STEP, *chosen)}
        return records.digest({**kept, "task": self.task, "loss": self.loss})

    @property
    def choice_digest(self) -> str:
        """8 hexadecimal digits of all that has to be alike in trials and in the cells whose settings they choose."""
        kept = {name: value for name, value in self.settings.items() if name not in (*records.CHOSEN, SPELLING)}
        return records.digest({**kept, "task": self.task, "data": self.data, "loss": self.loss})

    def with_steps(self, steps: int) -> "Cell":
        """The cell with another number of steps, evaluated and logged as many times as before."""
        share = steps / self.settings["steps"]
        intervals = {name: ceil(self.settings[name] * share) for name in ("eval_every", "log_every")}
        return replace(self, settings={**self.settings, **intervals, "steps": steps})


NONE = "none"  # in --penalties: the loss as it is
SPELLING = "loss_spelling"  # not part of a cell's identity: the definition says what the loss is, wherever it lies
NOT_IN_A_STEP = (
    *("steps", "seconds", "eval_every", "log_every", "data_digest", SPELLING),
    *("features", "features_digest", "feature_precision", "metrics", "real", "fakes", "repeats"),  # how it is judged
    *("schedule", "cycle_weight"),  # numbers that a step computes with, whatever they are
)


@dataclass(frozen=True)
class Plan:
    """The cells of a run, in the order in which they are run, and those that cannot be, with the reason.

    Attributes:
        facts: of all losses, in the user's order.
    """

    cells: tuple[Cell, ...]
    skipped: tuple[tuple[Cell, str], ...] = ()
    facts: tuple[LossFacts, ...] = ()


def _controlled(facts: LossFacts, task: TaskFacts) -> Settings:
    # Equal for all: a discriminator that mixes no samples, one update each, DCGAN's Adam. Spectral norm where it is
    # the loss's regulariser, as in hinge+spectral.
    return {
        "optimizer": "adam",
        "learning_rate": 2e-4,
        "betas": [0.5, 0.999],
        "discriminator_norm": facts.discriminator_norm or task.controlled_norm,
        "n_critic": 1,
    }


def _published(facts: LossFacts, task: TaskFacts) -> Settings:
    norm = facts.published["discriminator_norm"]
    # The task's, where a loss has none or these networks cannot have it; layer norm (arXiv:1704.00028) for a batch norm
    # that the loss forbids.
    if norm is None or not (facts.discriminator_norm or task.builds(norm)):
        norm = task.published_norm if facts.allows_batch_norm or task.published_norm != "batch" else "layer"
    return {**facts.published, "discriminator_norm": norm}


def _sngan(facts: LossFacts, task: TaskFacts) -> Settings:
    # As arXiv:2005.02494 trains all of them: five updates each, no norm but the loss's own regulariser.
    return {
        "optimizer": "adam",
        "learning_rate": 2e-4,
        "betas": [0.0, 0.9],
        "discriminator_norm": facts.discriminator_norm or "none",
        "n_critic": 5,
    }


RECIPES: dict[str, tuple[Callable[[LossFacts, TaskFacts], Settings], str]] = {
    "controlled": (_controlled, "everything equal but the loss and its penalty: here a verdict speaks of losses"),
    "published": (_published, "each loss with its paper's norm, n_critic and optimiser: a verdict speaks of recipes"),
    records.TUNED: (
        _controlled,
        "controlled, with learning rate and beta1 chosen for each loss by as many trials (--tune, --grid)",
    ),
    "sngan": (_sngan, "Adam 2e-4 (0, 0.9), n_critic 5, no norm but the loss's own, as in the SNGAN line's tables"),
}
BOTH = "both"
PANELS = ("controlled", "published")


EQUAL = ("controlled", records.TUNED)  # in which all have the same n_critic and norm


def recipe_names(names: str) -> list[str]:
    """The recipes that `--recipe names` stands for.

    Example:
        >>> recipe_names("both,tuned")
        ['controlled', 'published', 'tuned']
    """
    return [recipe for name in names.split(",") for recipe in (PANELS if name == BOTH else (name,))]


def make_plan(
    task: TaskFacts | Callable[[Settings], TaskFacts],
    recipe: str,
    seeds: Iterable[int],
    variants: Iterable[Settings],
    losses: Iterable[LossFacts],
    data: DataFacts,
    equal: Mapping[str, Any] | None = None,
) -> Plan:
    """All cells of variants × losses × recipes × seeds.

    Args:
        task: its facts, or what gives them for a variant.
        recipe: names in `RECIPES`, or "both", joined by commas. Cells of recipe `tuned` have settings in place of those
            that trials are to choose (`benchmarks.tuning`).
        seeds: of the cells; the same for every loss.
        variants: settings that all losses have in common (steps, batch_size, width, …): one, or one for each value of
            what is swept.
        losses: facts of the losses, in the user's order.
        data: facts of the data set.
        equal: settings of all losses in the recipes of `EQUAL`, in place of theirs. The norm that a loss needs stays.

    Returns:
        The plan; within a seed the longest cells come first, so that workers end together.
    """
    cells, skipped, losses, variants = [], [], tuple(losses), tuple(variants)
    for seed, shared, name, facts in product(seeds, variants, recipe_names(recipe), losses):
        of_task = task(shared) if callable(task) else task
        settings = {
            **shared,
            **RECIPES[name][0](facts, of_task),
            **(_equal(facts, equal or {}) if name in EQUAL else {}),
            "channels_last": of_task.channels_last,
            "loss_definition": facts.definition,
            SPELLING: facts.spelling,
            "data_digest": data.digest,
            "channels": data.channels,
            "image_size": data.image_size,
        }
        cell = Cell(of_task.name, data.name, name, facts.name, seed, settings)
        reason = _conflict(facts, of_task, settings)
        if reason:
            skipped.append((cell, reason))
        else:
            cells.append(cell)
    return Plan(in_order(cells), tuple(skipped), losses)


def _equal(facts: LossFacts, given: Mapping[str, Any]) -> Settings:
    needed = facts.discriminator_norm is not None
    return {name: value for name, value in given.items() if not (needed and name == "discriminator_norm")}


def in_order(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """The cells as they are run: seed by seed, the longest first."""
    return tuple(sorted(cells, key=lambda cell: (cell.seed, -cell.settings["n_critic"])))


def _conflict(facts: LossFacts, task: TaskFacts, settings: Settings) -> str | None:
    if facts.conflict:
        return facts.conflict
    if not facts.trains_discriminator and not task.trains_alone:
        return f"it trains no discriminator, and task {task.name} has no term but the adversarial one"
    if not task.builds(settings["discriminator_norm"]):
        return f"its discriminator needs {settings['discriminator_norm']} norm, which these networks cannot have"
    if settings["discriminator_norm"] == "batch" and not facts.allows_batch_norm:
        return "batch norm in the discriminator mixes samples and voids its per-sample penalty"
    return None
