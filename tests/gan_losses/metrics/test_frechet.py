import gan_losses._torchvision  # noqa: F401, I001  before torchmetrics

import math

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from gan_losses.metrics import MomentStream, frechet_distance
from gan_losses.metrics import frechet as module
from gan_losses.random import keyed_generator

# isort: split
from torchmetrics.image.fid import _compute_fid


def by_torchmetrics(real, fake):
    return float(_compute_fid(real.mean(0), torch.cov(real.T), fake.mean(0), torch.cov(fake.T)))


def by_scipy(real, fake):
    real, fake = real.double().numpy(), fake.double().numpy()
    covariances = [np.cov(each, rowvar=False) for each in (real, fake)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    return ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)


def moments(rows):
    stream = MomentStream(rows.shape[1])
    stream.update(rows)
    return stream.moments()


def distance(real, fake):
    return frechet_distance(moments(real), moments(fake))


@pytest.mark.parametrize("oracle", [by_torchmetrics, by_scipy])
@pytest.mark.parametrize(("real", "fake", "width"), [(60, 60, 4), (300, 200, 64), (1000, 999, 64)])
def test_it_is_the_value_of_two_other_programs(features, oracle, real, fake, width):
    sets = features(real, width), features(fake, width, key=1, shift=0.3)
    assert distance(*sets) == pytest.approx(oracle(*sets), rel=1e-9)


@pytest.mark.parametrize("oracle", [by_torchmetrics, by_scipy])
@pytest.mark.parametrize(("real", "fake"), [(10, 10), (10, 100), (100, 10), (32, 32), (33, 20), (7, 31)])
def test_fewer_samples_than_features_on_either_side_have_a_distance(features, oracle, real, fake):
    sets = features(real, 32), features(fake, 32, key=1, shift=2.0)
    # Singular covariances cost the others half of their digits, not us: the next test is the sharp one.
    assert distance(*sets) == pytest.approx(oracle(*sets), rel=1e-6)


@pytest.mark.parametrize(("real", "fake"), [(10, 10), (10, 100), (100, 10), (20, 9)])
def test_few_samples_in_a_subspace_are_as_far_as_within_it(features, real, fake):
    inner = features(real, 8), features(fake, 8, key=1, shift=0.5)
    basis = torch.linalg.qr(features(64, 64, key=2)).Q[:8]
    # In 8 dimensions all covariances are regular, in 64 none is.
    assert distance(*(rows @ basis for rows in inner)) == pytest.approx(by_scipy(*inner), rel=1e-7)


@pytest.mark.parametrize("dead", [[0], [3, 4, 17], list(range(20))])
def test_constant_features_neither_stop_it_nor_count(features, dead):
    real, fake = features(200, 24), features(200, 24, key=1, shift=0.2)
    real[:, dead], fake[:, dead] = 5.0, 5.0
    alive = [number for number in range(24) if number not in dead]
    assert distance(real, fake) == pytest.approx(by_scipy(real[:, alive], fake[:, alive]), rel=1e-7)


def test_features_that_are_constant_among_the_real_ones_alone_count_with_their_variance(features):
    real, fake = features(200, 5), features(200, 5, key=1)
    real[:, 2] = 0.0
    others = [0, 1, 3, 4]
    # Nothing of the third can be shared, so what is known of it adds up.
    more = float(fake[:, 2].var() + fake[:, 2].mean() ** 2)
    expected = by_scipy(real[:, others], fake[:, others]) + more
    assert distance(real, fake) == pytest.approx(expected, rel=1e-9)
    assert distance(fake, real) == pytest.approx(expected, rel=1e-7)


def test_equal_features_twice_are_no_obstacle(features):
    real, fake = features(200, 5), features(200, 5, key=1, shift=0.1)
    twice = [torch.cat([rows, rows], dim=1) for rows in (real, fake)]
    assert distance(*twice) == pytest.approx(2 * by_scipy(real, fake), rel=1e-7)


@pytest.mark.parametrize(("name", "value"), [("PANEL", 1), ("PANEL", 7), ("PANEL", 16)])
@pytest.mark.parametrize("real", [12, 60])
def test_how_the_products_are_taken_does_not_matter(features, monkeypatch, real, name, value):
    sets = features(real, 16), features(60, 16, key=1)
    expected = distance(*sets)
    monkeypatch.setattr(module, name, value)
    assert distance(*sets) == pytest.approx(expected, rel=1e-7)  # of 12 vectors one root is of rounding


def test_shifted_copies_are_the_squared_shift_apart(features):
    real = features(100, 3)
    assert distance(real, real + torch.tensor([3.0, 0.0, 4.0])) == pytest.approx(25.0, rel=1e-9)


def test_scaled_copies_differ_by_the_difference_of_their_spreads():
    # In one dimension: (μ_r - μ_f)² + (σ_r - σ_f)², here means 1 and 3, deviations √2 and 3√2.
    assert distance(torch.tensor([[0.0], [2.0]]), torch.tensor([[0.0], [6.0]])) == pytest.approx(4 + 8, rel=1e-12)


@pytest.mark.parametrize(("count", "width"), [(5, 32), (32, 32), (200, 32)])
def test_the_same_images_are_at_distance_zero_and_never_below(features, count, width):
    real = features(count, width)
    assert 0.0 <= distance(real, real) < 1e-5


def test_the_order_of_the_samples_does_not_matter_and_it_is_symmetric(features):
    real, fake = features(80, 5), features(80, 5, key=1)
    order = torch.randperm(80, generator=keyed_generator(0, "test/order"))
    assert distance(real, fake) == pytest.approx(distance(real[order], fake[order]), rel=1e-9)
    assert distance(real, fake) == pytest.approx(distance(fake, real), rel=1e-9)


def test_features_that_are_not_finite_have_none(features):
    real, fake = features(80, 5), features(80, 5, key=1)
    fake[3, 2] = math.inf
    assert math.isnan(distance(real, fake))
