"""All losses by name. To add one: write its class in a file here and add one line to `LOSSES`."""

from collections.abc import Callable

from gan_losses.errors import unknown_name
from gan_losses.losses import custom
from gan_losses.losses.base import (
    Equilibrium,
    GANLoss,
    Recipe,
    adversarial_loss,
    discriminator_loss,
    generator_loss,
    slope,
)
from gan_losses.losses.composed import Composed
from gan_losses.losses.cross_entropy import BCE, Minimax
from gan_losses.losses.custom import definition
from gan_losses.losses.dragan import dragan
from gan_losses.losses.f_divergences import KL, Hellinger, JensenShannon, Pearson, ReverseKL
from gan_losses.losses.hinge import Hinge
from gan_losses.losses.least_squares import LSGAN
from gan_losses.losses.none import NoAdversary
from gan_losses.losses.relativistic import RaGAN, RaLSGAN, RpGAN, r3gan
from gan_losses.losses.wasserstein import WGAN, wgangp, wganlp
from gan_losses.penalties import get_penalty
from gan_losses.places import is_place
from gan_losses.spelling import make, parts


def lsgan_pearson(a: float = -1.0, b: float = 1.0, c: float = 0.0) -> LSGAN:
    """Least squares with the labels (-1, 1, 0), whose generator minimises Pearson's χ²."""
    return LSGAN(a, b, c)


LOSSES: dict[str, Callable[..., GANLoss]] = {
    "bce": BCE,
    "minimax": Minimax,
    "lsgan": LSGAN,
    "lsgan-pearson": lsgan_pearson,
    "wgan": WGAN,
    "wgangp": wgangp,
    "wganlp": wganlp,
    "hinge": Hinge,
    "rpgan": RpGAN,
    "ragan": RaGAN,
    "ralsgan": RaLSGAN,
    "dragan": dragan,
    "r3gan": r3gan,
    "kl": KL,
    "reverse-kl": ReverseKL,
    "pearson": Pearson,
    "hellinger": Hellinger,
    "jensen-shannon": JensenShannon,
}

# Not losses, and not examined as such: what losses are compared with.
CONTROLS: dict[str, Callable[..., GANLoss]] = {
    "none": NoAdversary,
}


def get_loss(text: str) -> GANLoss:
    """The loss that the text spells: a name, its fields after colons, penalties after pluses.

    The name is one of `LOSSES` or `CONTROLS`, an installed entry point of the group "gan_losses.losses", or the place of a class:
    my_loss.py:MyLoss or package.module:MyLoss. Fields come in their order or by name: "lsgan:-1:1:0", "bce:real_label=0.9".

    Raises:
        UsageError: no such loss, penalty or field, or a loss that does not keep to the contract.

    Example:
        >>> get_loss("lsgan:c=0.5")
        LSGAN(a=0.0, b=1.0, c=0.5, flip=0.0)
        >>> get_loss("bce+gp:5").penalties
        (GradientPenalty(weight=5.0, every=1, patches=False),)
    """
    base, *penalties = parts(text)
    return with_penalties(_base(base), penalties, text)


def with_penalties(loss: GANLoss, penalties: list[str], text: str) -> GANLoss:
    """The loss with the penalties that the texts spell; its name is what the user wrote."""
    if not penalties:
        return loss
    made = tuple(get_penalty(penalty) for penalty in penalties)
    label = shown_name(text)
    return loss.with_penalties(made, label) if isinstance(loss, Composed) else Composed(loss, made, label)


def _base(text: str) -> GANLoss:
    name, *values = text.split(":")
    ours = LOSSES | CONTROLS
    if name in ours:
        return make("loss", text, ours[name], values)
    points = custom.installed()
    if name in points:
        return custom.made(text, lambda: make("loss", text, custom.load(points[name]), values))
    if is_place(text):
        return custom.made(text, lambda: make("loss", text, custom.find(text), values[1:]))
    raise unknown_name("loss", name, [*ours, *points])


def shown_name(text: str) -> str:
    """What a loss is called in records and reports: as it was written, but a place in a file is called by its own name.

    Example:
        >>> shown_name("lsgan:c=0.5+r1")
        'lsgan:c=0.5+r1'
    """
    base, *penalties = parts(text)
    name, *values = base.split(":")
    if name in LOSSES | CONTROLS or not is_place(base):
        return text
    return "+".join([":".join([_base(base).name, *values[1:]]), *penalties])


def is_registered(text: str) -> bool:
    """Whether the loss that the text spells is one of `LOSSES` or `CONTROLS`, with whatever fields and penalties.

    Example:
        >>> is_registered("lsgan:c=0.5+r1"), is_registered("my_loss.py:MyLoss")
        (True, False)
    """
    return text.partition(":")[0].partition("+")[0] in LOSSES | CONTROLS


def resolved(text: str) -> str:
    """The text as it means the same in any folder: files with their whole path."""
    base, *penalties = parts(text)
    return "+".join([custom.absolute(base), *penalties])


__all__ = [
    "BCE",
    "CONTROLS",
    "KL",
    "LOSSES",
    "LSGAN",
    "WGAN",
    "Composed",
    "Equilibrium",
    "GANLoss",
    "Hellinger",
    "Hinge",
    "JensenShannon",
    "Minimax",
    "NoAdversary",
    "Pearson",
    "RaGAN",
    "RaLSGAN",
    "Recipe",
    "ReverseKL",
    "RpGAN",
    "adversarial_loss",
    "definition",
    "discriminator_loss",
    "dragan",
    "generator_loss",
    "get_loss",
    "is_registered",
    "lsgan_pearson",
    "r3gan",
    "resolved",
    "shown_name",
    "slope",
    "wgangp",
    "wganlp",
    "with_penalties",
]
