"""Checks of side effects: state, random numbers, devices."""

import random
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from gan_losses.conformance import images
from gan_losses.conformance.base import Failure, batch, demand, difference, measure
from gan_losses.losses.base import GANLoss, generator_loss

READS = ("item", "tolist", "numpy", "cpu", "__bool__", "__float__", "__int__", "__index__", "__array__")


def state(loss: GANLoss) -> str:
    """A loss keeps nothing from call to call and changes nothing that it is given. Meant for hidden running means."""
    first, *others = batch("state"), batch("state/other"), batch("state/larger", 10)
    expected = measure(loss, *first)
    before = _contents(loss), hash(loss)
    for other in others:
        measure(loss, *other)
    apart, where = difference(measure(loss, *first), expected)
    demand(apart == 0, f"{where} differs by {apart:.2g} after calls on other logits")
    demand((_contents(loss), hash(loss)) == before, "the loss's fields or its hash change from call to call")
    real, fake = (logits.clone() for logits in first)
    loss.discriminator(real, fake)
    generator_loss(loss, fake, real)
    for name, logits, given in (("real", real, first[0]), ("fake", fake, first[1])):
        whole = logits._version == 0 and torch.equal(logits, given)
        demand(whole, f"the {name} logits that were given are changed in place")
        demand(not logits.requires_grad, f"the {name} logits that were given ask for a gradient after the call")
    return "calls leave loss and logits as they were"


def _contents(loss: GANLoss) -> str:
    return repr(sorted(getattr(loss, "__dict__", {}).items())) + repr(loss)


def random_numbers(loss: GANLoss) -> str:
    """The global generators are left alone, and equal calls give equal values. Meant for labels with noise from `torch.rand`.

    Draws come from `update.random`, so that all losses see the same data and latents; the penalty is included.
    """
    given, before = batch("random"), _generators()
    once, again = measure(loss, *given), measure(loss, *given)
    penalty, same = (images.penalty(loss, images.Probe()) for _ in range(2))
    for name, used in _generators().items():
        demand(used == before[name], f"{name}'s global generator is used; draw from update.random")
    apart, where = difference(again, once)
    demand(apart == 0, f"{where} differs by {apart:.2g} between two equal calls")
    if penalty is not None and same is not None:
        demand(torch.equal(penalty, same), "the penalty differs between two calls with one seed")
    return "no global generator used, equal calls are equal"


def _generators() -> dict[str, str]:
    """The global generators' states."""
    tensors, numbers = torch.get_rng_state(), np.random.get_state(legacy=False)  # noqa: NPY002, it is what is watched
    return {"torch": str(tensors.tolist()), "Python": repr(random.getstate()), "NumPy": repr(_plain(numbers))}


def _plain(value: Any) -> Any:
    """With arrays as lists, which print in full."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def device(loss: GANLoss) -> str:
    """Works on the meta device, which has no values: nothing is read, no tensor is made elsewhere; nor does the penalty read.

    Meant for `.item()` and `if value > …`, for which a GPU has to wait, and for labels made on the CPU.
    """
    real, fake = (torch.empty(6, 1, device="meta", requires_grad=True) for _ in range(2))
    try:
        with _OneDevice(real.device):
            for value, wanted in (
                (loss.discriminator(real, fake), [real, fake]),
                (generator_loss(loss, fake, real), [fake]),
            ):
                torch.autograd.grad(value, wanted, allow_unused=True)
    except (RuntimeError, NotImplementedError) as error:
        raise Failure(f"does not work on the meta device: {str(error).splitlines()[0]}") from error
    with _NoReads(), _NoScalars():
        images.penalty(loss, images.Probe())
    return "no value is read, no tensor made on another device"


class _OneDevice(TorchDispatchMode):
    """Fails where a tensor with dimensions is made on another device; a lone CPU number is at home on all."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device = device

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else [made]:
            if isinstance(tensor, Tensor) and tensor.dim() and tensor.device != self.device:
                raise Failure(
                    f"{func} makes a tensor {tuple(tensor.shape)} on the {tensor.device}, the logits are elsewhere"
                )
        return made


class _NoReads(TorchFunctionMode):
    """Fails where a tensor's values are asked for."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        name = getattr(func, "__name__", "")
        if name in READS:
            raise Failure(f"the penalty reads a tensor's value ({name}), for which a GPU has to wait")
        return func(*args, **(kwargs or {}))


class _NoScalars(TorchDispatchMode):
    """Likewise, where it happens inside an operator."""

    def __torch_dispatch__(
        self, func: Any, types: Iterable[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if func is torch.ops.aten._local_scalar_dense.default:
            raise Failure("the penalty reads a tensor's value, for which a GPU has to wait")
        return func(*args, **(kwargs or {}))
