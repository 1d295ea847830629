"""All checks by name, and the examination that puts a loss to them."""

from collections.abc import Collection

import torch

from gan_losses.conformance import calculus, extremes, facts, optima, penalties, purity, structure
from gan_losses.conformance.base import Check, Failure, Outcome, Skip, first_line
from gan_losses.losses.base import GANLoss

CHECKS: dict[str, Check] = {
    "finite": extremes.finite,
    "precision": extremes.precision,
    "shapes": structure.shapes,
    "mean": structure.mean,
    "permutation": structure.permutation,
    "order": structure.order,
    "slope": structure.slope,
    "alive": structure.alive,
    "gradcheck": calculus.gradcheck,
    "gradgradcheck": calculus.gradgradcheck,
    "state": purity.state,
    "random": purity.random_numbers,
    "device": purity.device,
    "autocast": extremes.autocast,
    "repr": facts.written,
    "facts": facts.facts,
    "equilibrium": optima.equilibrium,
    "optimum": optima.optimum,
    "divergence": optima.divergence,
    "penalty-value": penalties.penalty_value,
    "penalty-batch": penalties.penalty_batch,
    "penalty-patches": penalties.penalty_patches,
    "penalty-draws": penalties.penalty_draws,
}
SLOW = ("optimum", "divergence")  # they train


def examine(loss: GANLoss, quick: bool = False) -> list[Outcome]:
    """Put a loss to every check.

    Args:
        loss: the loss, with its penalty if it has one.
        quick: skip the checks that train a discriminator.

    Returns:
        One outcome per check, in the order of `CHECKS`. Draws are keyed, so they are the same at every call.

    Example:
        >>> from gan_losses.losses import get_loss
        >>> outcomes = examine(get_loss("wgan"), quick=True)
        >>> [outcome.check for outcome in outcomes if outcome.status == "failed"]
        []
        >>> next(outcome.figure for outcome in outcomes if outcome.check == "order")
        '∂L_D/∂r = -1, ∂L_D/∂f = 1'
    """
    return [_outcome(name, loss, SLOW if quick else ()) for name in CHECKS]


def _outcome(name: str, loss: GANLoss, left_out: Collection[str]) -> Outcome:
    if name in left_out:
        return Outcome(name, "skipped", "left out, as it trains")
    # A loss that draws from the global generator is found out by one check, and must not disturb the caller's numbers.
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        try:
            return Outcome(name, "passed", CHECKS[name](loss))
        except Skip as reason:
            return Outcome(name, "skipped", str(reason))
        except Failure as failure:
            return Outcome(name, "failed", str(failure))
        except (Exception, SystemExit) as error:
            return Outcome(name, "failed", first_line(error))


def check_loss(loss: GANLoss, quick: bool = False) -> None:
    """Assert that a loss passes the examination; for a test of one's own loss.

    Args:
        loss: the loss, with its penalty if it has one.
        quick: leave out the checks that train a discriminator.

    Raises:
        AssertionError: a check fails; it names all that do, each with its figure.

    Example:
        >>> from gan_losses.losses import get_loss
        >>> check_loss(get_loss("hinge"), quick=True)
    """
    failed = [outcome for outcome in examine(loss, quick) if outcome.status == "failed"]
    if failed:
        lines = [
            f"{loss.name} fails {len(failed)} of {len(CHECKS)} checks",
            *(f"{o.check}: {o.figure}" for o in failed),
        ]
        raise AssertionError("\n    ".join(lines))
