"""Checks of the penalty, by discriminators that are known."""

from statistics import fmean, stdev

import torch
from torch import Tensor

from gan_losses.conformance.base import EXACT, Skip, demand
from gan_losses.conformance.images import CHANNELS, SIZE, Network, Probe, drawn, penalty
from gan_losses.losses.base import GANLoss

SEEDS = 32
TINY = 1e-6  # a penalty below it is 0 but for rounding
SHRUNK = 0.6  # of the spread at 4 images, at 64: a quarter where every image has its own draw, all of it where none has


def _value(loss: GANLoss, probe: Probe) -> Tensor:
    value = penalty(loss, probe)
    if value is None:
        raise Skip("no penalty")
    return value


def penalty_value(loss: GANLoss) -> str:
    """The penalty is a scalar that D's weights can be differentiated by, and finite even where D is constant.

    Meant for sqrt(sum of squares), whose slope at 0 is NaN, and for input gradients without a graph.
    """
    values = []
    for scale, said in ((1.0, "a network"), (0.0, "a constant discriminator")):
        network = Network(scale, torch.float32)
        value = _value(loss, Probe(network, drawn("real", 6).float(), drawn("fake", 6).float()))
        demand(value.shape == (), f"the penalty has the shape {tuple(value.shape)}, it has to be a scalar")
        demand(value.requires_grad, "the penalty cannot be differentiated by D's weights; was its graph kept?")
        slopes = torch.autograd.grad(value, network.weights, allow_unused=True, materialize_grads=True)
        finite = all(bool(torch.isfinite(slope).all()) for slope in slopes)
        demand(bool(torch.isfinite(value)), f"the penalty is {value.item():g} at {said}")
        demand(finite, f"the penalty's gradient by D's weights is not finite at {said}")
        values.append(value.item())
    return f"{values[0]:.4g} at a network, {values[1]:.4g} at a constant D"


def _flat(size: int) -> Tensor:
    """Images of one colour, all the same."""
    return torch.full((size, CHANNELS, SIZE, SIZE), 0.5, dtype=torch.float64)


def penalty_batch(loss: GANLoss) -> str:
    """2 and 16 copies of one image cost the same. Meant for one gradient norm over a whole batch.

    Draws, if any are made for such images, may differ: then means over seeds are compared, within six standard errors.
    """
    network = Network()
    drawn_values = {
        size: [_value(loss, Probe(network, _flat(size), _flat(size), seed)).item() for seed in range(SEEDS)]
        for size in (2, 16)
    }
    few, many = (fmean(values) for values in drawn_values.values())
    error = max(stdev(values) for values in drawn_values.values()) / SEEDS**0.5
    same = abs(few - many) <= EXACT * max(abs(few), TINY) + 6 * error
    demand(same, f"{few:.4g} for 2 copies of an image, {many:.4g} for 16: the mean has to be over images")
    return f"{few:.4g} for 2 and for 16 copies of an image"


def penalty_patches(loss: GANLoss) -> str:
    """A map of equal logits costs what one logit costs. Meant for summed patch logits: 900 × the slope at 30 × 30."""
    network = Network()
    single = _value(loss, Probe(network)).item()
    patches = _value(loss, Probe(lambda images: network(images).expand(-1, -1, 4, 4))).item()
    same = abs(single - patches) <= EXACT * max(abs(single), TINY)
    demand(same, f"{patches:.4g} for 4 × 4 equal logits, {single:.4g} for one: patches have to be averaged")
    return f"{patches:.4g} for one logit and for 4 × 4"


def penalty_draws(loss: GANLoss) -> str:
    """The spread over seeds shrinks with the batch. Meant for one interpolation weight for a whole batch.

    D(x) = |x|²/2, whose slope is the point itself; all real images are one picture, all fake ones are black.
    """
    spreads = [_spread(loss, size) for size in (4, 64)]
    if spreads[0] <= EXACT:
        return "no draws that count"
    ratio = spreads[1] / spreads[0]
    demand(ratio <= SHRUNK, f"the spread at 64 images is {ratio:.2g} of that at 4: each image has to have its own draw")
    return f"the spread at 64 images is {ratio:.2g} of that at 4"


def _spread(loss: GANLoss, size: int) -> float:
    """Relative, over seeds."""
    picture = torch.linspace(0, 2, CHANNELS * SIZE * SIZE, dtype=torch.float64).reshape(1, CHANNELS, SIZE, SIZE)
    real = picture.expand(size, -1, -1, -1)
    probes = (Probe(_half_square, real, torch.zeros_like(real), seed) for seed in range(SEEDS))
    values = [_value(loss, probe).item() for probe in probes]
    return stdev(values) / max(abs(fmean(values)), 1e-300)


def _half_square(images: Tensor) -> Tensor:
    return images.square().flatten(1).sum(1, keepdim=True) / 2
