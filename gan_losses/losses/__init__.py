"""All losses by name. To add one: write its class in a file here and add one line to `LOSSES`."""

from collections.abc import Callable

from gan_losses.errors import UsageError, unknown_name
from gan_losses.losses.base import Equilibrium, GANLoss, Recipe, generator_loss, slope
from gan_losses.losses.composed import Composed
from gan_losses.losses.cross_entropy import BCE, Minimax
from gan_losses.losses.least_squares import LSGAN
from gan_losses.losses.wasserstein import WGAN, wgangp
from gan_losses.penalties import get_penalty

LOSSES: dict[str, Callable[[], GANLoss]] = {
    "bce": BCE,
    "minimax": Minimax,
    "lsgan": LSGAN,
    "wgan": WGAN,
    "wgangp": wgangp,
}


def get_loss(name: str) -> GANLoss:
    """The loss of that name with its paper's constants; "bce+gp:5" adds the penalty `gp` of weight 5.

    Raises:
        UsageError: no such loss or penalty; the nearest name is offered.

    Example:
        >>> get_loss("lsgan")
        LSGAN(a=0.0, b=1.0, c=1.0)
        >>> get_loss("bce+gp:5").penalties[0].weight
        5.0
    """
    base, *penalties = name.split("+")
    if base not in LOSSES:
        raise unknown_name("loss", base, LOSSES)
    loss = LOSSES[base]()
    if not penalties:
        return loss
    if isinstance(loss, Composed):
        raise UsageError(f"loss {name!r}: {base!r} already has a penalty; name one of its parts, as in 'wgan+gp:5'.")
    return Composed(loss, tuple(get_penalty(penalty) for penalty in penalties), label=name)


__all__ = [
    "BCE",
    "LOSSES",
    "LSGAN",
    "WGAN",
    "Composed",
    "Equilibrium",
    "GANLoss",
    "Minimax",
    "Recipe",
    "generator_loss",
    "get_loss",
    "slope",
    "wgangp",
]
