"""Double backward through convolutions and (leaky) ReLUs at the cost of the four passes that it needs.

torch differentiates the gradient of a convolution by further convolutions of its own making: the weights' gradient as a
forward convolution with a kernel as large as an image, and a pass of zeros behind every (leaky) ReLU. Written as the two
bilinear functions that they are, one pass with the tangent and one weight gradient by the usual kernel remain: a critic's
step without norm is a quarter shorter, to the same gradients. Everything else (linear layers, norms) stays torch's.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from gan_losses import few_channels

aten = torch.ops.aten


class LeanDoubleBackward(TorchFunctionMode):
    """Convolutions and (leaky) ReLUs called inside the context are differentiated twice without waste.

    The first gradient, by the images alone, is to be taken by `gradient`. Values and gradients are those of torch's own
    functions (up to the order of sums), and can be differentiated any number of times.

    Example:
        >>> network, images = torch.nn.Conv2d(1, 1, 2), torch.ones(1, 1, 3, 3, requires_grad=True)
        >>> lean = LeanDoubleBackward()
        >>> with lean:
        ...     total = network(images).sum()
        >>> lean.gradient(total, images).square().sum().backward()
        >>> network.weight.grad.shape, network.bias.grad is None
        (torch.Size([1, 1, 2, 2]), True)
    """

    def __init__(self) -> None:
        super().__init__()
        self.only_inputs = False  # an attribute, not a context variable: backward runs in threads of its own on a GPU

    def gradient(self, total: Tensor, images: Tensor) -> Tensor:
        """∇ of `total` by `images` with its graph; no weight's gradient is computed on the way."""
        self.only_inputs = True
        try:
            (gradient,) = torch.autograd.grad(total, images, create_graph=True)
        finally:
            self.only_inputs = False
        return gradient

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Calls of the functions in `_LEAN` go to ours, unless their arguments are of a kind that ours leaves alone."""
        kwargs = kwargs or {}
        lean = _LEAN.get(func)
        result = lean(self, *args, **kwargs) if lean is not None else None
        return func(*args, **kwargs) if result is None else result


class _Convolution(Function):
    """A convolution whose gradient by its input is a function of its own."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, weight: Tensor, bias: Tensor | None, how: Any, lean: Any) -> Tensor:
        ctx.save_for_backward(images, weight)
        ctx.how, ctx.lean, ctx.biases = how, lean, None if bias is None else list(bias.shape)
        result: Tensor = aten.convolution(images, weight, bias, *how)
        return result

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        images, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad[:3]
        if ctx.lean.only_inputs:
            return _InputGradient.apply(slopes[0], weight, images.detach(), ctx.how), None, None, None, None
        gradients = aten.convolution_backward(slopes[0], images, weight, ctx.biases, *ctx.how, wanted)
        return *gradients, None, None


class _InputGradient(Function):
    """The gradient of a convolution by its input: linear in the incoming slope, linear in the weight, blind to the input."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, weight: Tensor, images: Tensor, how: Any) -> Tensor:
        ctx.save_for_backward(slope, weight)
        ctx.how = how
        return few_channels.input_gradient(slope, weight, images, how)

    @staticmethod
    def backward(ctx: Any, *tangents: Tensor) -> Any:
        (slope, weight), (tangent,) = ctx.saved_tensors, tangents
        by_slope = by_weight = None
        if ctx.needs_input_grad[0]:
            by_slope = aten.convolution(tangent, weight, None, *ctx.how)
        if ctx.needs_input_grad[1]:
            by_weight = aten.convolution_backward(slope, tangent, weight, None, *ctx.how, (False, True, False))[1]
        return by_slope, by_weight, None, None


class _LeakyReLU(Function):
    """max(x, leak · x), of which the second derivative is not zero but nothing."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, leak: float, inplace: bool) -> Tensor:
        result: Tensor = aten.leaky_relu_(values, leak) if inplace else aten.leaky_relu(values, leak)
        if inplace:
            ctx.mark_dirty(values)
        ctx.save_for_backward(result)
        ctx.leak = leak
        return result

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        return _Masked.apply(slopes[0], ctx.saved_tensors[0].detach(), ctx.leak), None, None


class _Masked(Function):
    """A slope where the rectifier's result is positive, `leak` times the slope elsewhere: linear in the slope."""

    @staticmethod
    def forward(ctx: Any, slope: Tensor, result: Tensor, leak: float) -> Tensor:
        ctx.save_for_backward(result)
        ctx.leak = leak
        masked: Tensor = aten.leaky_relu_backward(slope, result, leak, True)
        return masked

    @staticmethod
    def backward(ctx: Any, *tangents: Tensor) -> Any:
        return _Masked.apply(tangents[0], ctx.saved_tensors[0], ctx.leak), None, None


def _convolve(dimensions: int) -> Callable[..., Tensor | None]:
    def convolve(
        lean: LeanDoubleBackward,
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor | None:
        if isinstance(padding, str) or input.dim() != dimensions + 2:
            return None
        how = (*(_each(value, dimensions) for value in (stride, padding, dilation)), False, [0] * dimensions, groups)
        result: Tensor = _Convolution.apply(*_as_autocast(input, weight, bias), how, lean)
        return result

    return convolve


def _rectify(
    lean: LeanDoubleBackward,
    input: Tensor,
    negative_slope: float = 0.01,
    inplace: bool = False,
) -> Tensor | None:
    if negative_slope < 0 or (inplace and (input._is_view() or not input.requires_grad)):
        return None
    result: Tensor = _LeakyReLU.apply(input, negative_slope, inplace)
    return result


def _each(value: int | Sequence[int], dimensions: int) -> list[int]:
    values = [value] if isinstance(value, int) else list(value)
    return values * dimensions if len(values) == 1 else values


def _as_autocast(*tensors: Tensor | None) -> list[Tensor | None]:
    """In the short type that autocast would give to a convolution here."""
    device = next(tensor.device.type for tensor in tensors if tensor is not None)
    if not torch.is_autocast_enabled(device):
        return list(tensors)
    dtype = torch.get_autocast_dtype(device)
    return [tensor if tensor is None or tensor.dtype == torch.float64 else tensor.to(dtype) for tensor in tensors]


_LEAN: dict[Callable[..., Any], Callable[..., Tensor | None]] = {
    F.conv1d: _convolve(1),
    F.conv2d: _convolve(2),
    F.conv3d: _convolve(3),
    F.leaky_relu: _rectify,
    F.relu: lambda lean, input, inplace=False: _rectify(lean, input, 0.0, inplace),
}
