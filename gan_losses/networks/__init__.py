"""Networks, norms and their keyed initialisation."""

from gan_losses.networks.dcgan import Discriminator, Generator
from gan_losses.networks.initialise import initialise
from gan_losses.networks.norms import NORMS, norm_layers, normalised

__all__ = ["NORMS", "Discriminator", "Generator", "initialise", "norm_layers", "normalised"]
