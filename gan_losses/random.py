"""Keyed random streams: every draw is addressed, none is consumed.

The generator for (seed, stream, indices) is made from a hash of those values alone. Two losses therefore see the same
latents at the same step, a resumed run needs no saved state, and nothing depends on how many workers run.
"""

import hashlib

import torch


def stream_seed(seed: int, stream: str, *indices: int) -> int:
    """The 63-bit seed that (seed, stream, indices) stands for.

    Example:
        >>> stream_seed(0, "latents", 3) == stream_seed(0, "latents", 3)
        True
        >>> stream_seed(0, "latents", 3) == stream_seed(0, "latents", 4)
        False
    """
    text = "/".join([str(seed), stream, *map(str, indices)])
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def keyed_generator(seed: int, stream: str, *indices: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A fresh `torch.Generator` on `device` for (seed, stream, indices).

    Example:
        >>> draws = [torch.rand(1, generator=keyed_generator(7, "latents", 0)).item() for _ in range(2)]
        >>> draws[0] == draws[1]
        True
    """
    generator = torch.Generator(device=device)
    generator.manual_seed(stream_seed(seed, stream, *indices))
    return generator
