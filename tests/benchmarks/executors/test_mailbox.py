"""The mailbox: nothing is lost or said twice, nobody waits for longer than asked, and stop means all."""

import asyncio

from benchmarks.executors.mailbox import Mailbox


def test_news_come_once_and_in_order() -> None:
    async def story() -> list:
        mailbox = Mailbox()
        await mailbox.post(1, ["a", "b"])
        await mailbox.post(2, ["c"])
        return [await mailbox.take(0.0), await mailbox.take(0.0)]

    assert asyncio.run(story()) == [[(1, "a"), (1, "b"), (2, "c")], []]


def test_who_waits_is_woken_by_news() -> None:
    async def story() -> list:
        mailbox = Mailbox()
        waiting = asyncio.create_task(mailbox.take(600.0))
        await asyncio.sleep(0)
        await mailbox.post(1, ["a"])
        return await waiting

    assert asyncio.run(story()) == [(1, "a")]


def test_a_beat_is_no_news_and_patience_ends() -> None:
    async def story() -> list:
        mailbox = Mailbox()
        waiting = asyncio.create_task(mailbox.take(0.01))
        await mailbox.post(1, [])
        return await waiting

    assert asyncio.run(story()) == []


def test_everybody_who_posts_after_stop_hears_of_it() -> None:
    async def story() -> list:
        mailbox = Mailbox()
        before = await mailbox.post(1, ["a"])
        await mailbox.stop()
        return [before, await mailbox.post(1, []), await mailbox.post(2, ["b"]), await mailbox.take(0.0)]

    assert asyncio.run(story()) == [False, True, True, [(1, "a"), (2, "b")]]
