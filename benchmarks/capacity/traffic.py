"""How much news a run can take in: what bounds the number of cells that are at work at a time."""

import time
from typing import Any

from benchmarks.executors.mailbox import BEAT

NEWS = 1 / BEAT  # a second of each cell


def news_a_second(count: int = 4000, at_once: int = 64) -> float:
    """News that go through a run's mailbox, posted one by one as cells do, and taken by the run.

    Args:
        count: of news.
        at_once: under way together.

    Needs a connection to a cluster.
    """
    import ray

    from benchmarks.executors.mailbox import Mailbox

    mailbox: Any = ray.remote(Mailbox).options(num_cpus=0).remote()
    ray.get(mailbox.post.remote(0, ["warm"]))
    began, heard, posted = time.perf_counter(), 0, 0
    under_way: list[Any] = []
    news = {"discriminator_image": 0.5, "penalty_image": 0.1, "adversarial_image": 0.7}
    while posted < count:
        while len(under_way) < at_once and posted < count:
            under_way.append(mailbox.post.remote(posted, [news]))
            posted += 1
        _, under_way = ray.wait(under_way, num_returns=1)
        if posted % at_once == 0:
            heard += len(ray.get(mailbox.take.remote(0.0)))
    ray.get(under_way)
    heard += len(ray.get(mailbox.take.remote(0.0)))
    seconds = time.perf_counter() - began
    ray.kill(mailbox)
    assert heard == count + 1, (heard, count)
    return count / seconds
