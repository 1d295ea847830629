"""What the Inception v3 of 2015 is made of, that the literature's FID is taken in.

Sources: Szegedy et al. 2015, arXiv:1512.00567 (the network); Salimans et al. 2016, arXiv:1606.03498 (its use for GANs).
Names are those in the weight file of 2015-12-05.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gan_losses.random import keyed_generator

NUM_FEATURES, NUM_LOGITS = 2048, 1008
SIDE = 299


@dataclass(frozen=True)
class Convolution:
    """A convolution with its batch norm and ReLU; the size of its input is kept, unless it strides or is bare."""

    name: str
    outputs: int
    height: int = 1
    width: int = 1
    stride: int = 1
    bare: bool = False

    @property
    def padding(self) -> tuple[int, int]:
        """Zeros above and below, zeros left and right."""
        return (0, 0) if self.bare or self.stride > 1 else (self.height // 2, self.width // 2)


class Average(nn.AvgPool2d):
    """The mean of 3 x 3 pixels, of fewer at the border, which leaves a constant as it is."""

    def __init__(self) -> None:
        super().__init__(3, stride=1, padding=1, count_include_pad=False)


class Largest(nn.MaxPool2d):
    """The largest of 3 x 3 pixels."""

    def __init__(self) -> None:
        super().__init__(3, stride=1, padding=1)


class Halving(nn.MaxPool2d):
    """The largest of 3 x 3 pixels, at every second place."""

    def __init__(self) -> None:
        super().__init__(3, stride=2)


@dataclass(frozen=True)
class Branch:
    """One way through a block: a pool, a chain of convolutions, a fork of convolutions that all read the chain's end."""

    chain: tuple[Convolution, ...] = ()
    fork: tuple[Convolution, ...] = ()
    pool: type[nn.Module] = nn.Identity

    @property
    def merges(self) -> bool:
        """Whether its first convolution may be part of the block's single one of 1 x 1, with the pool behind it."""
        starts = bool(self.chain) and self.chain[0].height == self.chain[0].width == 1
        return starts and self.pool in (nn.Identity, Average)

    def convolutions(self, inputs: int) -> Iterator[tuple[int, Convolution]]:
        """Each convolution with the number of channels that it reads."""
        for convolution in self.chain:
            yield inputs, convolution
            inputs = convolution.outputs
        yield from ((inputs, convolution) for convolution in self.fork)

    def outputs(self, inputs: int) -> int:
        """Channels that it gives."""
        return sum(each.outputs for each in self.fork or self.chain[-1:]) or inputs


def _one(name: str, outputs: int, pool: type[nn.Module] = nn.Identity) -> Branch:
    return Branch((Convolution(name, outputs),), pool=pool)


def _a(pooled: int) -> tuple[Branch, ...]:
    fives = Convolution("branch5x5_1", 48), Convolution("branch5x5_2", 64, 5, 5)
    threes = Convolution("branch3x3dbl_2", 96, 3, 3), Convolution("branch3x3dbl_3", 96, 3, 3)
    double = Convolution("branch3x3dbl_1", 64), *threes
    return _one("branch1x1", 64), Branch(fives), Branch(double), _one("branch_pool", pooled, Average)


def _b() -> tuple[Branch, ...]:
    double = Convolution("branch3x3dbl_1", 64), Convolution("branch3x3dbl_2", 96, 3, 3)
    ends = [
        Convolution(name, outputs, 3, 3, stride=2) for name, outputs in (("branch3x3", 384), ("branch3x3dbl_3", 96))
    ]
    return Branch((ends[0],)), Branch((*double, ends[1])), Branch(pool=Halving)


def _c(inner: int) -> tuple[Branch, ...]:
    def chain(name: str, *shapes: tuple[int, int]) -> tuple[Convolution, ...]:
        widths = [inner] * (len(shapes) - 1) + [192]
        sizes = enumerate(zip(widths, shapes, strict=True), start=1)
        return tuple(Convolution(f"{name}_{place}", width, *shape) for place, (width, shape) in sizes)

    across, down = (1, 7), (7, 1)
    sevens = chain("branch7x7", (1, 1), across, down)
    double = chain("branch7x7dbl", (1, 1), down, across, down, across)
    return _one("branch1x1", 192), Branch(sevens), Branch(double), _one("branch_pool", 192, Average)


def _d() -> tuple[Branch, ...]:
    threes = Convolution("branch3x3_1", 192), Convolution("branch3x3_2", 320, 3, 3, stride=2)
    sevens = Convolution("branch7x7x3_2", 192, 1, 7), Convolution("branch7x7x3_3", 192, 7, 1)
    last = Convolution("branch7x7x3_4", 192, 3, 3, stride=2)
    return Branch(threes), Branch((Convolution("branch7x7x3_1", 192), *sevens, last)), Branch(pool=Halving)


def _e(pool: type[nn.Module]) -> tuple[Branch, ...]:
    def fork(name: str) -> tuple[Convolution, ...]:
        return Convolution(f"{name}a", 384, 1, 3), Convolution(f"{name}b", 384, 3, 1)

    threes = Branch((Convolution("branch3x3_1", 384),), fork("branch3x3_2"))
    chain = Convolution("branch3x3dbl_1", 448), Convolution("branch3x3dbl_2", 384, 3, 3)
    return _one("branch1x1", 320), threes, Branch(chain, fork("branch3x3dbl_3")), _one("branch_pool", 192, pool)


# Each chain is followed by a halving.
STEM = (
    (
        Convolution("Conv2d_1a_3x3", 32, 3, 3, stride=2),
        Convolution("Conv2d_2a_3x3", 32, 3, 3, bare=True),
        Convolution("Conv2d_2b_3x3", 64, 3, 3),
    ),
    (Convolution("Conv2d_3b_1x1", 80), Convolution("Conv2d_4a_3x3", 192, 3, 3, bare=True)),
)
BLOCKS = {
    **{"Mixed_5b": _a(32), "Mixed_5c": _a(64), "Mixed_5d": _a(64)},
    **{"Mixed_6a": _b(), "Mixed_6b": _c(128), "Mixed_6c": _c(160), "Mixed_6d": _c(160), "Mixed_6e": _c(192)},
    # The last pool takes the largest value: a slip in the published network that belongs to it.
    **{"Mixed_7a": _d(), "Mixed_7b": _e(Average), "Mixed_7c": _e(Largest)},
}


def convolutions() -> Iterator[tuple[str, int, Convolution]]:
    """The full name of every convolution, and the number of channels that it reads."""
    inputs = 3
    for chain in STEM:
        yield from ((each.name, read, each) for read, each in Branch(chain).convolutions(inputs))
        inputs = chain[-1].outputs
    for name, branches in BLOCKS.items():
        for branch in branches:
            yield from ((f"{name}.{each.name}", read, each) for read, each in branch.convolutions(inputs))
        inputs = sum(branch.outputs(inputs) for branch in branches)


def shapes() -> dict[str, torch.Size]:
    """Name -> shape of every tensor that a weight file has to hold.

    Example:
        >>> len(shapes()), shapes()["Mixed_6b.branch7x7_2.conv.weight"]
        (566, torch.Size([128, 128, 1, 7]))
    """
    found = {"fc.weight": (NUM_LOGITS, NUM_FEATURES), "fc.bias": (NUM_LOGITS,)}
    for name, inputs, each in convolutions():
        found[f"{name}.conv.weight"] = each.outputs, inputs, each.height, each.width
        found |= {f"{name}.bn.{part}": (each.outputs,) for part in ("weight", "bias", "running_mean", "running_var")}
        found[f"{name}.bn.num_batches_tracked"] = ()
    return {name: torch.Size(shape) for name, shape in found.items()}


def untrained_state(seed: int = 0) -> dict[str, Tensor]:
    """Random tensors with the names and shapes of a weight file, for comparisons where that file is not at hand."""
    return {name: _drawn(name, shape, seed) for name, shape in shapes().items()}


def _drawn(name: str, shape: torch.Size, seed: int) -> Tensor:
    if not shape:
        return torch.tensor(0)
    draws = torch.rand(shape, generator=keyed_generator(seed, f"inception/{name}"))
    if len(shape) > 1:
        return draws.mul_(2).sub_(1).mul_(math.sqrt(6 / shape[1:].numel()))  # He's, so that no layer fades
    positive = name.endswith((".bn.weight", ".bn.running_var"))
    return draws.add_(0.5) if positive else draws.sub_(0.5).mul_(0.2)
