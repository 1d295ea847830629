"""How often intervals of the expected best of k hold, in tunings whose truth is known: python -m tests.reports.simulated_tunings."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from reports.best_of import expected_best, expected_best_interval

Array = NDArray[np.float64]
Generator = np.random.Generator
LOSSES, DRAWS, RESAMPLED = 3, 200_000, 400


def humps(share: float) -> Callable[[Generator, tuple[int, ...]], Array]:
    """Scores around 10 with that probability, else around 30."""
    return lambda random, shape: np.where(
        random.random(shape) < share, random.normal(10, 1, shape), random.normal(30, 2, shape)
    )


def failing(random: Generator, shape: tuple[int, ...]) -> Array:
    return np.where(random.random(shape) < 0.25, np.inf, random.lognormal(2, 0.5, shape))


WORLDS: dict[str, Callable[[Generator, tuple[int, ...]], Array]] = {
    "normal": lambda random, shape: random.normal(10, 1, shape),
    "lognormal, σ = ½": lambda random, shape: random.lognormal(2, 0.5, shape),
    "lognormal, σ = 1": lambda random, shape: random.lognormal(2, 1, shape),
    "a quarter fail": failing,
    "two humps": humps(0.5),
    "one in ten good": humps(0.1),
}


class Tunings(NamedTuple):
    """Many tunings of one world: the scores of a loss, (tunings, n) in rising order, and the ceiling of each."""

    scores: Array
    ceilings: Array


def simulate(world: str, count: int, tunings: int, random: Generator) -> Tunings:
    """The ceiling is the worst score of any trial of any loss, for which those that fail count."""
    every = WORLDS[world](random, (tunings, LOSSES, count))
    ceilings = np.where(np.isfinite(every), every, -np.inf).max(axis=(1, 2))
    return Tunings(np.sort(np.minimum(every[:, 0], ceilings[:, None]), axis=1), ceilings)


def truths(world: str, tries: int, ceilings: Array, random: Generator) -> Array:
    """The expected best of k trials, cut at each ceiling."""
    best = np.sort(WORLDS[world](random, (DRAWS, tries)).min(axis=1))
    sums, below = (
        np.concatenate([[0], np.cumsum(np.where(np.isfinite(best), best, 0))]),
        np.searchsorted(best, ceilings),
    )
    found: Array = (sums[below] + (DRAWS - below) * ceilings) / DRAWS
    return found


def band(made: Tunings, tries: int) -> Array:
    """What is kept: (tunings, 2)."""
    pairs = zip(made.scores, made.ceilings, strict=True)
    return np.array([expected_best_interval(scores, tries, ceiling, 0.0) for scores, ceiling in pairs])


def resampled(made: Tunings, tries: int, random: Generator) -> Array:
    """The percentile bootstrap over trials."""
    count = made.scores.shape[1]
    from_rank = [
        expected_best(np.arange(count) >= rank, tries) for rank in range(count)
    ]  # the weights of that rank and all above
    weights = -np.diff(from_rank, append=0.0)
    places = random.integers(0, count, (RESAMPLED, count))
    again = np.stack([np.sort(made.scores[:, place], axis=1) @ weights for place in places])
    ends: Array = np.quantile(again, [0.025, 0.975], axis=0).T
    return ends


def order_statistics(made: Tunings, tries: int) -> Array:
    """Ranks that hold where P(best of k is below its mean) lies in [1/e, 1 - 1/e], as for all log-concave scores."""
    count = made.scores.shape[1]
    shares = [1 - (1 - end) ** (1 / tries) for end in (1 / np.e, 1 - 1 / np.e)]
    low = sum(binom.cdf(rank, count, shares[0]) <= 0.025 for rank in range(count))
    high = next((rank for rank in range(1, count + 1) if binom.cdf(rank - 1, count, shares[1]) >= 0.975), 0)
    open_ends = np.full(len(made.scores), -np.inf), np.full(len(made.scores), np.inf)
    ends = (made.scores[:, low - 1] if low else open_ends[0], made.scores[:, high - 1] if high else open_ends[1])
    return np.stack(ends, axis=1)


def measure(tunings: int = 4000) -> Iterator[tuple[str, int, str, float, float, float]]:
    """(world, n, k, coverage of the band, of the bootstrap, of order statistics); of the band also for all k together."""
    random = np.random.default_rng(0)
    for world in WORLDS:
        for count in (8, 16, 32):
            made, together = simulate(world, count, tunings, random), np.ones(tunings, dtype=bool)
            for tries in (1, 2, 4, count):
                truth = truths(world, tries, made.ceilings, random)
                found = [band(made, tries), resampled(made, tries, random), order_statistics(made, tries)]
                held = [(ends[:, 0] <= truth) & (truth <= ends[:, 1]) for ends in found]
                together &= held[0]
                yield world, count, str(tries), *(float(each.mean()) for each in held)
            yield world, count, "all", float(together.mean()), np.nan, np.nan


if __name__ == "__main__":
    print(f"{'world':18} {'n':>3} {'k':>4}   band  bootstrap  order statistics")
    for world, count, tries, *shares in measure():
        print(f"{world:18} {count:3} {tries:>4} " + "  ".join(f"{100 * share:6.2f}" for share in shares))
