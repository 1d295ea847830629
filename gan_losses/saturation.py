"""The saturation statistics as pure functions of slopes, gradients and logits.

With sᵢ = N · ∂L_G/∂fᵢ (per image: a patch map's logits summed) and gᵢ = N · ∂L_G/∂xᵢ at the fakes. Everything stays on
the device of its arguments.
"""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LOWEST, WIDTH, BINS = -8.125, 0.25, 41  # of a histogram of log₁₀; every power of ten lies in the middle of a bin


def wide(values: Tensor) -> Tensor:
    """`values` in float64, or in float32 on a device that has no float64 (mps)."""
    return values.float() if values.device.type == "mps" else values.double()


def active_fraction(magnitudes: Tensor) -> Tensor:
    """How many of the fakes teach: (Σ|s|)² / (N Σ s²) over the last dimension, in [1/N, 1]; 0 where all are zero.

    Scale-free: 1 when all slopes are equally large, 1/N when one fake alone carries the gradient.

    Args:
        magnitudes: (…, N) slopes or gradient norms of one batch.

    Example:
        >>> active_fraction(torch.tensor([[1.0, 1.0, 1.0, 1.0], [5.0, 0.0, 0.0, 0.0]])).tolist()
        [1.0, 0.25]
    """
    scaled = wide(magnitudes.abs())
    # Divided by the largest first: squares of 1e-30 would underflow where the fraction is still defined.
    scaled = scaled / scaled.amax(-1, keepdim=True)
    return (scaled.sum(-1).square() / (scaled.shape[-1] * scaled.square().sum(-1))).nan_to_num(0.0)


def mean_log10(magnitudes: Tensor) -> Tensor:
    """Mean of log₁₀|s|, zeros counted as the dtype's smallest subnormal number so that they are seen, not lost.

    Example:
        >>> round(mean_log10(torch.tensor([1.0, 0.01])).item(), 6)
        -1.0
    """
    floor = torch.finfo(magnitudes.dtype).smallest_normal * torch.finfo(magnitudes.dtype).eps
    return wide(magnitudes.abs()).clamp_min(floor).log10().mean()


def quantiles(magnitudes: Tensor) -> Tensor:
    """The quantiles `QUANTILES` of |s| over all elements."""
    values = wide(magnitudes.abs()).flatten()
    return values.quantile(torch.tensor(QUANTILES, dtype=values.dtype, device=values.device))


def histogram(magnitudes: Tensor) -> Tensor:
    """How many of |s| lie in each bin of log₁₀: all below `LOWEST` (zeros too), `BINS` bins of `WIDTH`, all above.

    Returns:
        (`BINS` + 2,) counts; what is not a number is in none.

    Example:
        >>> counts = histogram(torch.tensor([0.0, 1e-8, 1.0, 1.0, float("inf")]))
        >>> counts.nonzero().flatten().tolist(), counts.sum().item()
        ([0, 1, 33, 42], 5.0)
    """
    values = wide(magnitudes.abs()).flatten()
    edges = LOWEST + WIDTH * torch.arange(BINS + 1, dtype=values.dtype, device=values.device)
    places = torch.bucketize(values.log10(), edges, right=True)
    counts = torch.zeros(BINS + 2, dtype=values.dtype, device=values.device)
    return counts.index_add_(0, places, wide(~values.isnan()))


def zero_share(gradient: Tensor) -> Tensor:
    """The share of elements that are exactly 0.

    Example:
        >>> zero_share(torch.tensor([0.0, 1.0])).item()
        0.5
    """
    return wide(gradient == 0).mean()


def underflow_share(gradient: Tensor) -> Tensor:
    """The share of elements that are not 0 but below the smallest normal number of their dtype.

    Example:
        >>> underflow_share(torch.tensor([1e-40, 0.0, 1.0, 1.0])).item()
        0.25
    """
    tiny = torch.finfo(gradient.dtype).smallest_normal
    return wide((gradient != 0) & (gradient.abs() < tiny)).mean()


def ordered_share(real: Tensor, fake: Tensor) -> Tensor:
    """The discriminator's accuracy: the share of (real, fake) pairs it orders rightly, r > f; ties count half.

    Unlike an accuracy at a fixed logit it means the same for every loss, critics included. ½ is guessing.

    Args:
        real: (…, N) mean logits of real images.
        fake: (…, M) of fake ones.

    Example:
        >>> ordered_share(torch.tensor([2.0, 0.0]), torch.tensor([1.0, -1.0])).item()
        0.75
    """
    difference = real.unsqueeze(-1) - fake.unsqueeze(-2)
    return wide((difference.sign() + 1) / 2).mean((-1, -2))


def overfitting(train: Tensor, held_out: Tensor, fake: Tensor) -> Tensor:
    """r_v = (D_train - D_held_out) / (D_train - D_fake) of mean logits (StyleGAN2-ADA, arXiv:2006.06676).

    0: D treats held-out images as training images; 1: it takes them for fakes.

    Example:
        >>> overfitting(torch.tensor(2.0), torch.tensor(1.0), torch.tensor(-2.0)).item()
        0.25
    """
    return (train - held_out) / (train - fake)


def cosine(first: Sequence[Tensor], second: Sequence[Tensor]) -> Tensor:
    """The cosine between two gradients given by parameter; 0 where one of them vanishes.

    Example:
        >>> cosine([torch.tensor([1.0, 0.0])], [torch.tensor([1.0, 0.0])]).item()
        1.0
    """
    one, two = (wide(torch.cat([part.flatten() for part in parts])) for parts in (first, second))
    similarity: Tensor = torch.nn.functional.cosine_similarity(one, two, dim=0, eps=torch.finfo(one.dtype).tiny)
    return similarity


def relative_change(before: Iterable[Tensor], after: Iterable[Tensor]) -> Tensor:
    """‖θ_after - θ_before‖ / ‖θ_before‖ over all parameters.

    Example:
        >>> relative_change([torch.tensor([3.0, 4.0])], [torch.tensor([3.0, 4.5])]).item()
        0.1
    """
    one, two = (wide(torch.cat([part.detach().flatten() for part in parts])) for parts in (before, after))
    change: Tensor = (two - one).norm() / one.norm()
    return change


def stalled_share(optimizer: torch.optim.Optimizer, parameters: Iterable[nn.Parameter]) -> Tensor | None:
    """The share of parameters whose √v̂ < 10 · eps: there Adam divides by eps, and vanishing gradients stop training.

    v̂ is Adam's bias-corrected second moment, RMSProp's plain one. None for an optimiser without second moments.
    """
    wanted = {id(parameter) for parameter in parameters}
    stalled, total = [], 0
    for group in optimizer.param_groups:
        for parameter in (parameter for parameter in group["params"] if id(parameter) in wanted):
            state = optimizer.state.get(parameter, {})
            if "exp_avg_sq" in state:
                moment = state["exp_avg_sq"] / (1 - group["betas"][1] ** state["step"])
            elif "square_avg" in state:
                moment = state["square_avg"]
            else:
                continue
            stalled.append((moment.sqrt() < 10 * group["eps"]).sum())
            total += moment.numel()
    return wide(torch.stack(stalled).sum()) / total if total else None
