"""What GANs differ in, and nothing else: networks, how fakes are made, which further terms there are."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import Field, dataclass, field, fields
from itertools import chain
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from gan_losses.errors import UsageError

Batch = dict[str, Tensor]


def setting(default: Any, text: str, *, least: float | None = None, choices: Iterable[str] = ()) -> Any:
    """A field of a task's settings that the user may set: `--cycle-weight` for `cycle_weight`.

    Args:
        default: the paper's value; its type is the setting's.
        text: for `--help`.
        least: the smallest value of a number.
        choices: the values of a word.
    """
    return field(default=default, metadata={"text": text, "least": least, "choices": tuple(choices)})


def options_of(settings: type) -> dict[str, "Field[Any]"]:
    """The fields of a settings class that the user may set, by name."""
    return {each.name: each for each in fields(settings) if "text" in each.metadata}


def parse_setting(each: "Field[Any]", value: Any) -> Any:
    """A value from the command line or a suite file as the setting's own type.

    Raises:
        UsageError: it is of another type, too small, or none of the choices.

    Example:
        >>> from gan_losses.tasks import TASKS
        >>> parse_setting(options_of(TASKS["dcgan"].settings)["width"], "64")
        64
    """
    kind: Any = type(each.default)
    least, choices = each.metadata["least"], each.metadata["choices"]
    option = f"--{each.name.replace('_', '-')}"
    if choices:
        if value not in choices:
            raise UsageError(f"{option} {value}: expected one of {', '.join(choices)}.")
        return value
    nouns = {int: "a whole number", float: "a number"}
    try:
        number = kind(str(value))
    except ValueError:
        raise UsageError(f"{option} {value}: expected {nouns[kind]}.") from None
    if not least <= number < float("inf"):
        raise UsageError(f"{option} {value}: expected {nouns[kind]} of at least {least:g}.")
    return number


@dataclass(frozen=True)
class Norms:
    """The norms of a task's discriminator under certain settings.

    Attributes:
        published: in the paper, for losses that ask for none.
        controlled: that all losses share in a controlled comparison; it mixes no samples.
        possible: that its networks can be built with; None for all of `gan_losses.networks.NORMS`.
    """

    published: str
    controlled: str
    possible: tuple[str, ...] | None = None


class Task(ABC):
    """A kind of GAN. Losses are none of its business.

    Attributes:
        summary: one line for `--list`.
        settings: the dataclass of its settings; its fields have the paper's values.
        domains: the kinds of images that its data set has.
        sources: target domain -> the domain whose images are translated into it; {} where fakes are made from latents.
        published_norm: `Norms.published` unless the settings say otherwise.
        controlled_norm: `Norms.controlled` likewise.
        channels_last: whether its networks gain from that memory layout.
        trains_alone: whether its generators learn something without any adversary.
        generators: domain -> the network that makes the fakes of that domain.
        discriminators: domain -> the network that judges images of that domain.
    """

    summary: ClassVar[str]
    settings: ClassVar[type]
    domains: ClassVar[tuple[str, ...]]
    sources: ClassVar[Mapping[str, str]] = {}
    published_norm: ClassVar[str]
    controlled_norm: ClassVar[str]
    channels_last: ClassVar[bool] = True
    trains_alone: ClassVar[bool] = False
    generators: Mapping[str, nn.Module]
    discriminators: Mapping[str, nn.Module]

    @abstractmethod
    def __init__(self, settings: Any, seed: int) -> None:
        """Networks with initial weights keyed by the seed."""

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], seed: int) -> Self:
        """The task from a cell's settings; what it does not know is passed over."""
        names = {each.name for each in fields(cls.settings)}
        return cls(cls.settings(**{name: value for name, value in settings.items() if name in names}), seed)

    @classmethod
    @abstractmethod
    def check(cls, settings: Mapping[str, Any]) -> None:
        """Whether networks can be built from these settings.

        Raises:
            UsageError: they cannot, in one sentence.
        """

    @classmethod
    def settled(cls, settings: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with a value for what they leave open (None)."""
        return dict(settings)

    @classmethod
    def norms(cls, settings: Mapping[str, Any]) -> Norms:
        """The norms of its discriminator under these settings."""
        return Norms(cls.published_norm, cls.controlled_norm)

    @abstractmethod
    def complete(self, batch: Batch, random: torch.Generator) -> Batch:
        """The batch of real images with what the task draws itself (latents) under names of its own."""

    @abstractmethod
    def fakes(self, batch: Batch) -> dict[str, Tensor]:
        """Domain -> fake images (N, C, H, W) in [-1, 1], with their graph where gradients are enabled.

        What else was made on the way and is wanted again in `auxiliary` stands beside them under names of its own. A
        domain whose source is not in the batch is left out.
        """

    def history(self, fakes: dict[str, Tensor], random: torch.Generator) -> dict[str, Tensor]:
        """What the discriminators' phase sees instead of `fakes` (without graph); the same by default.

        Args:
            fakes: domain -> images.
            random: the generator of all draws, on the CPU.
        """
        return fakes

    def auxiliary(self, batch: Batch, fakes: dict[str, Tensor]) -> dict[str, Tensor]:
        """The generators' further terms by name; none by default."""
        return {}

    def state(self) -> dict[str, Tensor]:
        """What `history` keeps, by name, for a checkpoint; nothing by default."""
        return {}

    def load_state(self, state: Mapping[str, Tensor]) -> None:
        """Take up what `state` gave."""
        if state:
            raise ValueError(f"{type(self).__name__} keeps nothing, and {', '.join(state)} came.")

    def generator_parameters(self) -> list[nn.Parameter]:
        """The parameters of all generators."""
        return _parameters(self.generators.values())

    def discriminator_parameters(self) -> list[nn.Parameter]:
        """The parameters of all discriminators."""
        return _parameters(self.discriminators.values())

    def networks(self) -> dict[str, nn.Module]:
        """Every network under a name that is unique in the task."""
        generators = {f"generator_{domain}": network for domain, network in self.generators.items()}
        return generators | {f"discriminator_{domain}": network for domain, network in self.discriminators.items()}


def _parameters(networks: Iterable[nn.Module]) -> list[nn.Parameter]:
    return list(chain.from_iterable(network.parameters() for network in networks))
