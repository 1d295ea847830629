"""The Inception v3 of 2015, laid out for speed.

What it computes is what the published network computes; how differs. Batch norms are folded into their convolutions,
the 1 x 1 convolutions that read the same tensor are a single one, an average pool comes behind its 1 x 1 convolution
where there are fewer channels (both are linear), and ReLU works in place.
"""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan_losses.metrics.inception_plan import BLOCKS, STEM, Branch, Convolution, Halving

EPSILON = 1e-3  # of the batch norms


class Folded(nn.Module):
    """Convolutions that read the same tensor as a single one, with their batch norms in it and without ReLU."""

    weight: Tensor
    bias: Tensor

    def __init__(self, state: Mapping[str, Tensor], prefix: str, parts: tuple[Convolution, ...]) -> None:
        super().__init__()
        weights, biases = zip(*(_fold(state, prefix + part.name) for part in parts), strict=True)
        self.register_buffer("weight", torch.cat(weights).contiguous(memory_format=torch.channels_last))
        self.register_buffer("bias", torch.cat(biases))
        self.stride, self.padding = parts[0].stride, parts[0].padding

    def forward(self, images: Tensor) -> Tensor:
        """(N, inputs, H, W) to (N, outputs of all parts, H', W')."""
        return F.conv2d(images, self.weight, self.bias, self.stride, self.padding)


def _fold(state: Mapping[str, Tensor], name: str) -> tuple[Tensor, Tensor]:
    """float32 weight and bias of convolution and batch norm as one, γ W / σ and β - γ μ / σ."""
    weight, gain, bias, mean, variance = (
        state[f"{name}.{part}"].double()
        for part in ("conv.weight", "bn.weight", "bn.bias", "bn.running_mean", "bn.running_var")
    )
    scale = gain / (variance + EPSILON).sqrt()
    return (weight * scale[:, None, None, None]).float(), (bias - mean * scale).float()


class Way(nn.Module):
    """A branch of a block, after the single convolution where it merges."""

    def __init__(self, state: Mapping[str, Tensor], prefix: str, branch: Branch) -> None:
        super().__init__()
        chain = branch.chain[branch.merges :]
        body, ends = (chain, branch.fork) if branch.fork else (chain[:-1], chain[-1:])
        self.merges, self.pool = branch.merges, branch.pool()
        self.body, self.ends = (nn.ModuleList(Folded(state, prefix, (each,)) for each in part) for part in (body, ends))

    def forward(self, images: Tensor) -> list[Tensor]:
        """What the branch adds to the block's outputs, before their ReLU; `images` had none where it merges."""
        images = self.pool(images)
        if not self.ends:
            return [images]
        if self.merges:
            images = images.relu()
        for convolution in self.body:
            images = convolution(images).relu_()
        return [convolution(images) for convolution in self.ends]


class Block(nn.Module):
    """Branches side by side."""

    def __init__(self, state: Mapping[str, Tensor], name: str, branches: tuple[Branch, ...]) -> None:
        super().__init__()
        first = tuple(branch.chain[0] for branch in branches if branch.merges)
        self.entry, self.widths = Folded(state, f"{name}.", first), [each.outputs for each in first]
        self.ways = nn.ModuleList(Way(state, f"{name}.", branch) for branch in branches)

    def forward(self, images: Tensor) -> Tensor:
        """(N, C, H, W) to (N, C', H', W')."""
        entered = iter(self.entry(images).split(self.widths, dim=1))
        outputs = [each for way in self.ways for each in way(next(entered) if way.merges else images)]
        return torch.cat(outputs, dim=1).relu_()


class InceptionNetwork(nn.Module):
    """From 299 x 299 pixels to 2,048 features.

    Args:
        state: the tensors of a weight file, see `shapes`.
    """

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        stem: list[nn.Module] = []
        for chain in STEM:
            for convolution in chain:
                stem += [Folded(state, "", (convolution,)), nn.ReLU(inplace=True)]
            stem.append(Halving())
        blocks = [Block(state, name, branches) for name, branches in BLOCKS.items()]
        self.layers = nn.Sequential(*stem, *blocks)

    def forward(self, pixels: Tensor) -> Tensor:
        """(N, 3, 299, 299), (value - 128) / 128, to float32 (N, 2048)."""
        return self.layers(pixels).mean(dim=(2, 3), dtype=torch.float32)  # type: ignore[no-any-return]
