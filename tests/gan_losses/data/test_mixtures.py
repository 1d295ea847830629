import numpy as np
import pytest
import torch

from gan_losses.data.mixtures import Mixture, grid, ring
from gan_losses.random import keyed_generator


def test_the_ring_has_eight_distinct_centres_at_equal_angles() -> None:
    x, y = np.array(ring().means).T
    turns = np.sort(np.mod(np.arctan2(y, x) / (2 * np.pi), 1 - 1e-9))
    np.testing.assert_allclose(turns, np.arange(8) / 8, atol=1e-9)
    np.testing.assert_allclose(np.hypot(x, y), 1, rtol=1e-12)


def test_the_grid_has_25_distinct_centres() -> None:
    expected = {(float(x), float(y)) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}
    assert set(grid().means) == expected
    assert len(grid().means) == 25


@pytest.mark.parametrize("mixture", [ring(), grid(), ring(deviation=0.05), grid(deviation=0.1)])
def test_modes_are_equally_likely_and_of_the_deviation_that_was_asked_for(mixture: Mixture) -> None:
    count, centres = 50_000, mixture.centres.double()
    points = mixture.sample(count, keyed_generator(0, "test")).double()
    mode = torch.cdist(points, centres).argmin(1)
    shares = mode.bincount(minlength=len(centres)) / count
    share = 1 / len(centres)
    error = 4 * (share * (1 - share) / count) ** 0.5
    torch.testing.assert_close(shares, torch.full_like(shares, share), atol=error, rtol=0)
    residual = points - centres[mode]
    torch.testing.assert_close(residual.std(0).mean().item(), mixture.deviation, rtol=0.015, atol=0)
    torch.testing.assert_close(residual.mean(0), torch.zeros(2).double(), atol=mixture.deviation / 50, rtol=0)


def test_the_same_key_gives_the_same_points() -> None:
    first, second = (ring().sample(10, keyed_generator(3, "test", 1)) for _ in range(2))
    assert torch.equal(first, second)


def test_a_ring_with_both_end_angles_is_refused() -> None:
    angles = np.linspace(0, 2 * np.pi, 8)
    with pytest.raises(ValueError, match="same centre"):
        Mixture(tuple(zip(np.cos(angles), np.sin(angles), strict=True)), 0.01)
