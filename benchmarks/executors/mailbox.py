"""Where the cells on a cluster leave their news, and learn that they should stop: an actor beside the run."""

import asyncio
from collections.abc import Sequence
from typing import Any

Message = tuple[int, Any]
BEAT = 1.0  # seconds from one look of an attempt for a request to stop to the next


class Mailbox:
    """News in, news out, both by anyone at any time. It becomes a Ray actor; by itself it is a plain class.

    Example:
        >>> async def example():
        ...     mailbox = Mailbox()
        ...     stop = await mailbox.post(7, ["news"])
        ...     return stop, await mailbox.take(0.0)
        >>> asyncio.run(example())
        (False, [(7, 'news')])
    """

    def __init__(self) -> None:
        self._waiting: list[Message] = []
        self._news = asyncio.Event()
        self._stopping = False

    async def post(self, attempt: int, news: Sequence[Any]) -> bool:
        """Leave news of an attempt; returns whether it should save its state and end."""
        if news:
            self._waiting += [(attempt, each) for each in news]
            self._news.set()
        return self._stopping

    async def take(self, patience: float) -> list[Message]:
        """All news since the last call, in order; waits for some up to `patience` seconds."""
        if not self._waiting and patience:
            try:
                await asyncio.wait_for(self._news.wait(), patience)
            except TimeoutError:
                return []
        self._news.clear()
        taken, self._waiting = self._waiting, []
        return taken

    async def stop(self) -> None:
        """Have everything stop that posts from now on."""
        self._stopping = True
