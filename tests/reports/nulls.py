"""Log qualities of losses between which there is nothing to be found: (random, losses, seeds) -> (losses, seeds)."""

import numpy as np


def normal(random, losses, seeds):
    return random.normal(size=(losses, seeds))


def heavy_tailed(random, losses, seeds):
    return random.standard_t(2, size=(losses, seeds))


def skewed(random, losses, seeds):
    return random.exponential(size=(losses, seeds))


def unequal_variances(random, losses, seeds):
    return random.normal(size=(losses, seeds)) * np.geomspace(1, 8, losses)[:, None]


def correlated(random, losses, seeds):
    return 2 * random.normal(size=(1, seeds)) + random.normal(size=(losses, seeds))


def failing(random, losses, seeds):
    logs = random.normal(size=(losses, seeds))
    return np.where(random.random(size=logs.shape) < 0.2, 8.0, logs)


def one_apart(random, losses, seeds):
    """All alike but the first, which is far off: pairs with it are none of the null's."""
    logs = random.normal(size=(losses, seeds))
    logs[0] += 5
    return logs


NULLS = (normal, heavy_tailed, skewed, unequal_variances, correlated, failing, one_apart)
