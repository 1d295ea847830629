"""Feature vectors and images that are kept while fakes stream by, in bounded memory."""

import tempfile
import weakref
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from gan_losses.random import keyed_generator

IN_MEMORY = 256 << 20  # bytes


class RowStore:
    """Collects float32 vectors: in memory up to 256 MB, beyond that in a temporary file without a name.

    Args:
        width: the vectors' length.

    Example:
        >>> store = RowStore(2)
        >>> store.add(torch.ones(3, 2))
        >>> store.add(torch.zeros(1, 2))
        >>> store.rows().sum(dim=1).tolist()
        [2.0, 2.0, 2.0, 0.0]
    """

    def __init__(self, width: int) -> None:
        self.width, self.count = width, 0
        self._parts: list[Tensor] = []
        self._file: BinaryIO | None = None

    def add(self, vectors: Tensor) -> None:
        """Append (n, width)."""
        self.count += len(vectors)
        self._parts.append(vectors.detach().to("cpu", torch.float32))
        if self._file is not None or 4 * self.width * self.count > IN_MEMORY:
            self._spill()

    def rows(self) -> Tensor:
        """All so far: float32 (count, width), mapped from the file if there is one."""
        if self._file is None:
            return torch.cat([torch.empty(0, self.width), *self._parts])
        self._file.flush()
        return torch.from_numpy(np.memmap(self._file, np.float32, "r+", shape=(self.count, self.width)))

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile(prefix="gan-losses-")  # noqa: SIM115, open as long as the store
            weakref.finalize(self, self._file.close)  # what is mapped stays
        for part in self._parts:
            self._file.write(part.contiguous().numpy().data)
        self._parts.clear()


class Reservoir:
    """Keeps all of up to `most` items of a stream, and `most` drawn by key of a longer one, however it is cut.

    Args:
        most: how many are kept.
        stream: the name of the draw.

    Example:
        >>> reservoir = Reservoir(2, "example")
        >>> reservoir.add(torch.arange(2))
        >>> reservoir.items().tolist()
        [0, 1]
    """

    def __init__(self, most: int, stream: str) -> None:
        self.most, self._random = most, keyed_generator(0, stream)
        self._items: Tensor | None = None
        self._lots = torch.empty(0, dtype=torch.float64)

    def add(self, items: Tensor) -> None:
        """Append (n, …)."""
        lots = torch.rand(len(items), dtype=torch.float64, generator=self._random)
        self._lots = torch.cat([self._lots, lots])
        kept = self._lots.argsort(stable=True)[: self.most].sort().values
        together = items if self._items is None else torch.cat([self._items, items])
        self._items, self._lots = together[kept.to(together.device)], self._lots[kept]

    def items(self) -> Tensor:
        """Those that are kept, in their order; at least one chunk must have come."""
        assert self._items is not None
        return self._items


def chosen(count: int, most: int, stream: str) -> Tensor:
    """`most` of `count` indices drawn by key, all of them in order where there are no more: int64 (min(count, most),).

    Example:
        >>> chosen(3, 5, "example").tolist(), len(chosen(9, 5, "example"))
        ([0, 1, 2], 5)
    """
    if count <= most:
        return torch.arange(count)
    return torch.randperm(count, generator=keyed_generator(0, stream, count))[:most]
