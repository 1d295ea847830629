"""Networks, norms and their keyed initialisation. To add a pair of networks: write a file here and one line in `NETWORKS`."""

from gan_losses.networks import dcgan, r3gan, resnet
from gan_losses.networks.dcgan import Discriminator, Generator
from gan_losses.networks.initialise import initialise
from gan_losses.networks.norms import NORMS, norm_layers, normalised
from gan_losses.networks.pair import NetworkPair

NETWORKS: dict[str, NetworkPair] = {
    "dcgan": dcgan.PAIR,
    "resnet32": resnet.PAIR,
    "r3gan": r3gan.PAIR,
}

__all__ = ["NETWORKS", "NORMS", "Discriminator", "Generator", "NetworkPair", "initialise", "norm_layers", "normalised"]
