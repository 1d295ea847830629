"""The image pool: what is kept, what is shown, with which odds."""

import torch

from gan_losses.random import keyed_generator
from gan_losses.tasks.pool import ImagePool


def numbers(first: int, count: int) -> torch.Tensor:
    return torch.arange(first, first + count, dtype=torch.float32).view(count, 1, 1, 1)


def shown(pool: ImagePool, fakes: torch.Tensor, key: int) -> list[float]:
    return pool(fakes, keyed_generator(0, "test/pool", key)).flatten().tolist()


def test_until_it_is_full_everything_is_kept_and_shown() -> None:
    pool = ImagePool(5)
    assert shown(pool, numbers(0, 3), 0) == [0, 1, 2]
    assert shown(pool, numbers(3, 2), 1) == [3, 4]
    assert pool.images is not None
    assert pool.images.flatten().tolist() == [0, 1, 2, 3, 4]


def test_a_full_pool_shows_the_new_one_or_swaps_it_for_a_stored_one() -> None:
    pool, size, times = ImagePool(10), 10, 4000
    shown(pool, numbers(0, size), 0)
    swapped = 0
    for index in range(times):
        assert pool.images is not None
        before = pool.images.flatten().tolist()
        new = float(size + index)
        (given,) = shown(pool, numbers(size + index, 1), 1 + index)
        after = pool.images.flatten().tolist()
        if given == new:
            assert after == before
        else:
            swapped += 1
            place = before.index(given)
            assert after == [*before[:place], new, *before[place + 1 :]]
    assert abs(swapped / times - 0.5) < 4 * (0.25 / times) ** 0.5


def test_every_place_is_drawn_alike() -> None:
    pool, counts = ImagePool(4), [0, 0, 0, 0]
    shown(pool, numbers(0, 4), 0)
    for index in range(4000):
        pool.images = numbers(0, 4)
        (given,) = shown(pool, numbers(9, 1), 1 + index)
        if given != 9:
            counts[int(given)] += 1
    assert all(abs(count / sum(counts) - 0.25) < 4 * (0.25 * 0.75 / sum(counts)) ** 0.5 for count in counts)


def test_what_was_shown_stays_as_it_was() -> None:
    pool = ImagePool(1)
    shown(pool, numbers(0, 1), 0)
    given = pool(numbers(1, 8), keyed_generator(0, "test/pool", 1))
    values = given.flatten().tolist()
    pool(numbers(20, 8), keyed_generator(0, "test/pool", 2))
    assert given.flatten().tolist() == values


def test_a_pool_of_0_passes_everything_on_and_draws_nothing() -> None:
    random = keyed_generator(0, "test/pool")
    state = random.get_state()
    fakes = numbers(0, 3)
    assert ImagePool(0)(fakes, random) is fakes
    assert torch.equal(random.get_state(), state)
