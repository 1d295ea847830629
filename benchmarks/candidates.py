"""--losses × --penalties -> facts of every loss that is to be compared, those that cannot be with the reason."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from benchmarks.plan import NONE, LossFacts, TaskFacts
from gan_losses.errors import UsageError, unknown_name
from gan_losses.losses import (
    CONTROLS,
    LOSSES,
    GANLoss,
    definition,
    get_loss,
    is_registered,
    resolved,
    shown_name,
)
from gan_losses.networks import NORMS
from gan_losses.spelling import parts
from gan_losses.tasks import TASKS
from gan_losses.training import OPTIMIZERS


def loss_facts(text: str) -> LossFacts:
    """What the plan needs to know of the loss that the text spells.

    Raises:
        UsageError: there is no such loss, or its published recipe cannot be built.
    """
    loss = get_loss(text)
    _check_recipe(text, loss)
    recipe = asdict(loss.published)
    base, *penalties = parts(text)
    if not is_registered(text) and get_loss(base).name in LOSSES | CONTROLS:
        raise UsageError(
            f"loss {text!r} is called {get_loss(base).name!r}, as one of this suite; give it another `name`."
        )
    return LossFacts(
        name=shown_name(text),
        definition=definition(loss),
        published={**recipe, "betas": list(recipe["betas"])},
        allows_batch_norm=loss.allows_batch_norm,
        discriminator_norm=loss.discriminator_norm,
        spelling=resolved(text),
        base=shown_name(base),
        penalties=tuple(penalties),
        conflict=_no_use(loss, penalties),
        trains_discriminator=loss.trains_discriminator,
    )


def task_facts(name: str, settings: Mapping[str, Any] | None = None) -> TaskFacts:
    """What the plan needs to know of a task under its settings, the paper's where they are left out."""
    task = TASKS[name]
    norms = task.norms(settings or {})
    return TaskFacts(name, norms.published, norms.controlled, task.channels_last, task.trains_alone, norms.possible)


def _no_use(loss: GANLoss, penalties: Sequence[str]) -> str | None:
    if penalties and not loss.trains_discriminator:
        return f"it trains no discriminator that {'+'.join(penalties)} could act on"
    return None


def _check_recipe(text: str, loss: GANLoss) -> None:
    recipe = loss.published
    for kind, name, known in (
        ("optimizer", recipe.optimizer, list(OPTIMIZERS)),
        ("norm", recipe.discriminator_norm, list(NORMS)),
    ):
        if name is not None and name not in known:
            raise UsageError(f"loss {text!r}, its published recipe: {unknown_name(kind, name, known)}")


def candidates(losses: Sequence[str], penalties: Sequence[str]) -> list[LossFacts]:
    """Every loss with every penalty, each combination once.

    Args:
        losses: as spelled by the user, perhaps with penalties of their own.
        penalties: to cross them with, as spelled; "none" is the loss as it is, "r1+r2" are two together.

    Returns:
        Their facts, penalties varying fastest; a combination that makes no sense carries its conflict.

    Raises:
        UsageError: a loss or penalty that cannot be, or two losses of one name.

    Example:
        >>> [facts.name for facts in candidates(["bce", "wgangp"], ["none", "gp"])]
        ['bce', 'bce+gp', 'wgangp', 'wgangp+gp']
        >>> candidates(["wgangp"], ["gp"])[0].conflict
        'wgangp+gp has the penalty gp twice; name it once.'
    """
    found: dict[str, LossFacts] = {}
    for text in losses:
        alone = loss_facts(text)
        for penalty in penalties:
            facts = alone if penalty == NONE else _crossed(text, penalty, alone)
            known = found.setdefault(facts.name, facts)
            if (known.spelling, known.definition) != (facts.spelling, facts.definition):
                places = f"{known.spelling} and {facts.spelling}"
                raise UsageError(f"two losses are called {facts.name!r} ({places}); give one of them another `name`.")
    return list(found.values())


def _crossed(text: str, penalty: str, alone: LossFacts) -> LossFacts:
    try:
        return loss_facts(f"{text}+{penalty}")
    except UsageError as error:
        added = (*alone.penalties, *parts(penalty))
        name = f"{alone.name}+{penalty}"
        return replace(alone, name=name, spelling=f"{alone.spelling}+{penalty}", penalties=added, conflict=str(error))


def examine_own(losses: Iterable[str]) -> None:
    """Put losses that are not of this suite to the quick part of the examination.

    Raises:
        UsageError: one fails a check.
    """
    from gan_losses.conformance import examine

    for text in losses:
        outcomes = [] if is_registered(text) else examine(get_loss(text), quick=True)
        failed = [outcome for outcome in outcomes if outcome.status == "failed"]
        if failed:
            checks = "; ".join(f"{outcome.check} ({outcome.figure})" for outcome in failed)
            see = f"python -m gan_losses.conformance {text}"
            raise UsageError(f"{text} fails the examination: {checks}; see {see}, or pass it by with --unexamined.")
