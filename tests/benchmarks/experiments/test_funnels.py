import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from benchmarks.experiments.funnels import HALF, Funnels, draw_funnels
from gan_losses.random import keyed_generator

CASES = [(2, 4), (4, 4), (16, 4), (16, 64)]


@pytest.fixture(params=CASES, ids=str)
def funnels(request) -> Funnels:
    return draw_funnels(*request.param, keyed_generator(0, "funnels"), torch.float64)


def rays(funnels: Funnels, count: int = 4096):
    return funnels.sample(count, keyed_generator(0, "points"))


def test_the_slope_of_u_is_the_unit_direction_of_the_ray_at_both_ends(funnels: Funnels) -> None:
    found = rays(funnels)
    torch.testing.assert_close(torch.linalg.vector_norm(found.slopes, dim=1), torch.ones(4096).double())
    # Nearer to the centre than this, rounding of the coordinates turns the ray.
    far = torch.cdist(found.moved, funnels.centres).amin(1) > 1e-6
    for points in (found.points[far], found.moved[far]):
        points = points.clone().requires_grad_()
        (slope,) = torch.autograd.grad(funnels.potential(points).sum(), points)
        torch.testing.assert_close(slope, found.slopes[far], atol=1e-6, rtol=0)
    assert far.float().mean() > 0.8


def test_u_is_1_lipschitz(funnels: Funnels) -> None:
    points = HALF * (
        2 * torch.rand(2000, funnels.centres.shape[1], generator=keyed_generator(1, "points")).double() - 1
    )
    rise = (funnels.potential(points)[:, None] - funnels.potential(points)).abs()
    assert (rise <= torch.cdist(points, points) + 1e-9).all()


def test_the_distance_moved_is_the_dual_value_of_every_ray(funnels: Funnels) -> None:
    found = rays(funnels)
    moved = torch.linalg.vector_norm(found.points - found.moved, dim=1)
    torch.testing.assert_close(funnels.potential(found.points) - funnels.potential(found.moved), moved)
    assert moved.mean() > 0.3


def test_moved_points_stay_in_the_cube_and_in_their_funnel(funnels: Funnels) -> None:
    found = rays(funnels)
    assert found.moved.abs().max() <= HALF
    nearest = [
        (torch.cdist(points, funnels.centres) + funnels.offsets).argmin(1) for points in (found.points, found.moved)
    ]
    assert torch.equal(*nearest)


def test_a_ray_ends_where_bisection_finds_its_end() -> None:
    funnels = draw_funnels(2, 4, keyed_generator(0, "funnels"), torch.float64)
    found = rays(funnels, 200)
    own = (torch.cdist(found.points, funnels.centres) + funnels.offsets).argmin(1)
    centres = funnels.centres[own]
    low, high = torch.zeros(200).double(), torch.full((200,), 20.0).double()
    for _ in range(60):
        middle = (low + high) / 2
        points = centres + middle[:, None] * found.slopes
        inside = (points.abs().amax(1) <= HALF) & (
            (torch.cdist(points, funnels.centres) + funnels.offsets).amin(1) >= middle + funnels.offsets[own] - 1e-12
        )
        low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
    distance = torch.linalg.vector_norm(found.points - centres, dim=1)
    expected = low * (distance / low) ** 8
    moved = torch.linalg.vector_norm(found.moved - centres, dim=1)
    torch.testing.assert_close(moved, expected, rtol=1e-6, atol=1e-9)


def test_no_assignment_of_the_same_points_is_shorter(funnels: Funnels) -> None:
    found = rays(funnels, 300)
    costs = cdist(found.points.numpy(), found.moved.numpy())
    rows, columns = linear_sum_assignment(costs)
    np.testing.assert_allclose(costs[rows, columns].mean(), np.diag(costs).mean(), rtol=1e-9)


def test_optimal_transport_between_fresh_samples_finds_the_same_distance_in_the_plane() -> None:
    funnels = draw_funnels(2, 4, keyed_generator(0, "funnels"), torch.float64)
    expected = (lambda found: torch.linalg.vector_norm(found.points - found.moved, dim=1).mean().item())(
        rays(funnels, 100_000)
    )
    distances = []
    for index in range(8):
        points = funnels.sample(500, keyed_generator(index, "first")).points.numpy()
        moved = funnels.sample(500, keyed_generator(index, "second")).moved.numpy()
        costs = cdist(points, moved)
        distances.append(costs[linear_sum_assignment(costs)].mean())
    # Two samples of 500 lie a little farther apart than their laws.
    error = np.std(distances, ddof=1) / np.sqrt(8)
    np.testing.assert_allclose(np.mean(distances), expected, atol=3 * error + 0.03, rtol=0)
