"""Pluggable GAN losses, the harness that trains them alike, and the probes that watch their gradients."""

from importlib.metadata import PackageNotFoundError, version

from gan_losses.losses import LOSSES, Composed, GANLoss, get_loss
from gan_losses.probes import SaturationProbe

try:
    __version__ = version("gan-losses")
except PackageNotFoundError:  # a bare checkout on the path
    __version__ = "0+unknown"

__all__ = ["LOSSES", "Composed", "GANLoss", "SaturationProbe", "__version__", "get_loss"]
