"""Networks as the public code has them: torch's own layers where ours have faster ones of the same weights."""

import copy
from types import MethodType
from typing import TypeVar

import torch
from torch import Tensor, nn

from gan_losses.networks.norms import InstanceNorm

Module = TypeVar("Module", bound=nn.Module)

CONVOLUTIONS: tuple[type[nn.Module], ...] = (nn.Conv2d, nn.ConvTranspose2d)


def as_published(network: Module) -> Module:
    """A contiguous deep copy whose convolutions are torch's, with `nn.InstanceNorm2d` where ours has `InstanceNorm`.

    Convolutions are given contiguous maps: our DCGAN generator makes its first ones channels-last, and all later ones would
    be so too, whatever the weights' layout.

    Example:
        >>> type(as_published(nn.Sequential(InstanceNorm(2)))[0]).__name__
        'InstanceNorm2d'
    """
    copied = copy.deepcopy(network)
    for name, module in list(copied.named_modules()):
        if isinstance(module, InstanceNorm):
            copied.set_submodule(name, nn.InstanceNorm2d(module.channels).train(module.training))
        for kind in CONVOLUTIONS:
            if isinstance(module, kind):  # the method alone: spectral norm has made a class of its own of the layer
                module.forward = MethodType(kind.forward, module)
                module.register_forward_pre_hook(_contiguous)
    return copied.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload, no-any-return]


def _contiguous(module: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    return tuple(each.contiguous() for each in inputs)
