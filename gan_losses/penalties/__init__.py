"""All penalties by name, a library apart from the losses. To add one: write its class and add one line to `PENALTIES`."""

from collections.abc import Callable

from gan_losses.errors import unknown_name
from gan_losses.penalties.base import Memory, Penalty, Update, in_penalty, wide
from gan_losses.penalties.consistency import Consistency
from gan_losses.penalties.constraints import Clipping, SpectralNorm
from gan_losses.penalties.lecam import LeCam
from gan_losses.penalties.slopes import (
    R1,
    R2,
    DraganPenalty,
    GradientPenalty,
    OneSidedPenalty,
    SlopePenalty,
    ZeroCentredPenalty,
    input_gradient,
    interpolate,
)
from gan_losses.spelling import make

PENALTIES: dict[str, Callable[..., Penalty]] = {
    "gp": GradientPenalty,
    "lp": OneSidedPenalty,
    "gp0": ZeroCentredPenalty,
    "r1": R1,
    "r2": R2,
    "dragan": DraganPenalty,
    "lecam": LeCam,
    "cr": Consistency,
    "clip": Clipping,
    "spectral": SpectralNorm,
}


def get_penalty(text: str) -> Penalty:
    """The penalty of that name, with its fields after colons: "gp", "gp:5", "r1:10:every=16".

    Raises:
        UsageError: no such penalty or field, or a value that it cannot have.

    Example:
        >>> get_penalty("r1:1:every=16")
        R1(weight=1.0, every=16, patches=False)
    """
    name, *values = text.split(":")
    if name not in PENALTIES:
        raise unknown_name("penalty", name, PENALTIES)
    return make("penalty", text, PENALTIES[name], values)


__all__ = [
    "PENALTIES",
    "R1",
    "R2",
    "Clipping",
    "Consistency",
    "DraganPenalty",
    "GradientPenalty",
    "LeCam",
    "Memory",
    "OneSidedPenalty",
    "Penalty",
    "SlopePenalty",
    "SpectralNorm",
    "Update",
    "ZeroCentredPenalty",
    "get_penalty",
    "in_penalty",
    "input_gradient",
    "interpolate",
    "wide",
]
