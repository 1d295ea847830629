"""The papers that losses come from, by their arXiv id: what a citation needs and no record holds."""

import re
from dataclasses import dataclass

IDENTIFIER = re.compile(r"arxiv:\s*(\d{4}\.\d{4,5}|[a-z-]+(?:\.[a-z]{2})?/\d{7})(?:v\d+)?", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class Paper:
    """Title and authors, as the paper's first page has them."""

    title: str
    authors: tuple[str, ...]


GOODFELLOW: tuple[str, ...] = (
    "Ian J. Goodfellow",
    "Jean Pouget-Abadie",
    "Mehdi Mirza",
    "Bing Xu",
    "David Warde-Farley",
)
GOODFELLOW += ("Sherjil Ozair", "Aaron Courville", "Yoshua Bengio")
MAO = ("Xudong Mao", "Qing Li", "Haoran Xie", "Raymond Y. K. Lau", "Zhen Wang", "Stephen Paul Smolley")
GULRAJANI = ("Ishaan Gulrajani", "Faruk Ahmed", "Martin Arjovsky", "Vincent Dumoulin", "Aaron Courville")
HUANG = ("Yiwen Huang", "Aaron Gokaslan", "Volodymyr Kuleshov", "James Tompkin")
KODALI = ("Naveen Kodali", "Jacob Abernethy", "James Hays", "Zsolt Kira")

PAPERS = {
    "1406.2661": Paper("Generative Adversarial Networks", GOODFELLOW),
    "1606.00709": Paper(
        "f-GAN: Training Generative Neural Samplers using Variational Divergence Minimization",
        ("Sebastian Nowozin", "Botond Cseke", "Ryota Tomioka"),
    ),
    "1611.04076": Paper("Least Squares Generative Adversarial Networks", MAO),
    "1701.07875": Paper("Wasserstein GAN", ("Martin Arjovsky", "Soumith Chintala", "Léon Bottou")),
    "1704.00028": Paper("Improved Training of Wasserstein GANs", GULRAJANI),
    "1705.02894": Paper("Geometric GAN", ("Jae Hyun Lim", "Jong Chul Ye")),
    "1705.07215": Paper("On Convergence and Stability of GANs", KODALI),
    "1709.08894": Paper(
        "On the regularization of Wasserstein GANs", ("Henning Petzka", "Asja Fischer", "Denis Lukovnicov")
    ),
    "1807.00734": Paper(
        "The relativistic discriminator: a key element missing from standard GAN", ("Alexia Jolicoeur-Martineau",)
    ),
    "2501.05441": Paper("The GAN is dead; long live the GAN! A Modern GAN Baseline", HUANG),
}


def identifiers(text: str) -> list[str]:
    """The arXiv ids that a text names, each once, without their versions.

    Example:
        >>> identifiers("arXiv:1406.2661v1 and arxiv:1801.04406, arXiv:1406.2661"), identifiers("a control")
        (['1406.2661', '1801.04406'], [])
    """
    return list(dict.fromkeys(IDENTIFIER.findall(text)))


def year(identifier: str) -> int:
    """The year in which an arXiv id was given: ids begin with it and the month, since 2007 at once, before after a slash.

    Example:
        >>> year("1406.2661"), year("cs/0112017"), year("hep-th/9711200")
        (2014, 2001, 1997)
    """
    two = int(identifier.rpartition("/")[2][:2])
    return two + (1900 if "/" in identifier and two > 50 else 2000)
