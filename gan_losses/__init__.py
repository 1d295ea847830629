"""Pluggable GAN losses, the harness that trains them alike, and the probes that watch their gradients."""

from importlib.metadata import PackageNotFoundError, version

from gan_losses.losses import (
    LOSSES,
    Composed,
    Equilibrium,
    GANLoss,
    Recipe,
    discriminator_loss,
    generator_loss,
    get_loss,
)
from gan_losses.penalties import PENALTIES, Penalty, Update
from gan_losses.probes import SaturationProbe

try:
    __version__ = version("gan-losses")
except PackageNotFoundError:  # a bare checkout on the path
    __version__ = "0+unknown"

__all__ = [
    "LOSSES",
    "PENALTIES",
    "Composed",
    "Equilibrium",
    "GANLoss",
    "Penalty",
    "Recipe",
    "SaturationProbe",
    "Update",
    "__version__",
    "discriminator_loss",
    "generator_loss",
    "get_loss",
]
