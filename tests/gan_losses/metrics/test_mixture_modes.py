import numpy as np
import pytest
import torch
from scipy.spatial.distance import cdist
from scipy.stats import entropy

from gan_losses.data.mixtures import grid, ring
from gan_losses.metrics.mixture_modes import mode_scores, perfect_quality
from gan_losses.random import keyed_generator

COUNT = 20_000


@pytest.mark.parametrize("mixture", [ring(), grid(), ring(deviation=0.05), grid(deviation=0.1)])
def test_the_mixture_itself_reaches_the_derived_figures(mixture) -> None:
    points = mixture.sample(COUNT, keyed_generator(0, "test"))
    scores = mode_scores(points, mixture.centres, mixture.deviation)
    torch.testing.assert_close(scores.high_quality, 0.9889, atol=0.004, rtol=0)
    torch.testing.assert_close(scores.high_quality, perfect_quality(), atol=0.004, rtol=0)
    assert scores.captured == len(mixture.means)
    floor = (len(mixture.means) - 1) / (2 * COUNT)  # the mean of the divergence that sampling alone makes
    torch.testing.assert_close(scores.reverse_kl, floor, atol=floor, rtol=0)


@pytest.mark.parametrize("kept", [1, 2, 5, 8])
def test_equal_modes_have_the_divergence_of_their_number(kept: int) -> None:
    mixture = ring()
    points = mixture.centres[:kept].repeat(10, 1)
    scores = mode_scores(points, mixture.centres, mixture.deviation)
    assert (scores.high_quality, scores.captured) == (1.0, kept)
    torch.testing.assert_close(scores.reverse_kl, float(np.log(8 / kept)), atol=1e-12, rtol=0)


def test_a_cloud_scores_as_scipy_has_it() -> None:
    mixture, points = grid(deviation=0.3), 3 * torch.randn(500, 2, generator=keyed_generator(0, "test"))
    distances = cdist(points.double().numpy(), np.array(mixture.means))
    nearest, good = distances.argmin(1), distances.min(1) < 3 * 0.3
    scores = mode_scores(points, mixture.centres, mixture.deviation)
    torch.testing.assert_close(scores.high_quality, good.mean().item(), atol=1e-12, rtol=0)
    assert scores.captured == len(np.unique(nearest[good])) > 1
    expected = entropy(np.bincount(nearest, minlength=25), np.ones(25))
    torch.testing.assert_close(scores.reverse_kl, float(expected), atol=1e-12, rtol=0)


def test_far_points_count_for_the_histogram_but_capture_nothing() -> None:
    mixture = ring()
    scores = mode_scores(1.5 * mixture.centres, mixture.centres, mixture.deviation)
    assert (scores.high_quality, scores.captured) == (0.0, 0)
    torch.testing.assert_close(scores.reverse_kl, 0.0, atol=1e-12, rtol=0)


@pytest.mark.parametrize("points", [torch.zeros(0, 2), torch.tensor([[0.0, float("nan")]])])
def test_nothing_and_nonsense_are_refused(points) -> None:
    with pytest.raises(ValueError, match="finite"):
        mode_scores(points, ring().centres, 0.1)
