import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from gan_losses.metrics import Distances
from gan_losses.random import keyed_generator


def frechet_by_scipy(real, fake):
    real, fake = real.double().numpy(), fake.double().numpy()
    covariances = [np.cov(each, rowvar=False) for each in (real, fake)]
    root = sqrtm(covariances[0] @ covariances[1]).real
    return ((real.mean(0) - fake.mean(0)) ** 2).sum() + np.trace(covariances[0] + covariances[1] - 2 * root)


def kernel_by_loops(real, fake):
    def mean_of_pairs(first, second, skip_equal_rows):
        values = [
            (float(x @ y) / len(x) + 1) ** 3
            for i, x in enumerate(first)
            for j, y in enumerate(second)
            if not (skip_equal_rows and i == j)
        ]
        return sum(values) / len(values)

    real, fake = real.double().numpy(), fake.double().numpy()
    return mean_of_pairs(real, real, True) + mean_of_pairs(fake, fake, True) - 2 * mean_of_pairs(real, fake, False)


def features(count, width, key=0, shift=0.0):
    generator = keyed_generator(0, "test/features", key)
    mixing = torch.randn(width, width, generator=generator, dtype=torch.float64)
    return torch.randn(count, width, generator=generator, dtype=torch.float64) @ mixing + shift


@pytest.mark.parametrize(("count", "width"), [(60, 4), (300, 64)])
def test_the_frechet_distance_is_that_of_scipys_matrix_root(count, width):
    real, fake = features(count, width), features(count, width, key=1, shift=0.3)
    frechet, _ = Distances(real)(fake)
    assert frechet == pytest.approx(frechet_by_scipy(real, fake), rel=1e-6)


@pytest.mark.parametrize("count", [2, 5, 40])
def test_the_kernel_distance_is_that_of_a_double_loop(count):
    real, fake = features(count, 6), features(count, 6, key=1, shift=0.3)
    _, kernel = Distances(real)(fake)
    assert kernel == pytest.approx(kernel_by_loops(real, fake), rel=1e-9)


def test_shifted_copies_are_the_squared_shift_apart():
    real = features(100, 3)
    frechet, _ = Distances(real)(real + torch.tensor([3.0, 0.0, 4.0]))
    assert frechet == pytest.approx(25.0, rel=1e-9)


def test_the_same_images_are_at_distance_zero_and_never_below():
    real = features(5, 32)  # singular covariances: torchmetrics alone gives about -1e-6
    frechet, _ = Distances(real)(real)
    assert 0.0 <= frechet < 1e-3  # roots of rounding errors


def test_the_order_of_the_samples_does_not_matter():
    real, fake = features(80, 5), features(80, 5, key=1)
    order = torch.randperm(80, generator=keyed_generator(0, "test/order"))
    assert Distances(real)(fake) == pytest.approx(Distances(real[order])(fake[order]), rel=1e-9)


def test_both_distances_are_symmetric():
    real, fake = features(80, 5), features(80, 5, key=1)
    assert Distances(real)(fake) == pytest.approx(Distances(fake)(real), rel=1e-9)


def test_earlier_fakes_leave_no_trace():
    distances = Distances(features(50, 4))
    first = distances(features(50, 4, key=1))
    distances(features(50, 4, key=2, shift=9.0))
    assert distances(features(50, 4, key=1)) == first


def test_the_global_generator_neither_matters_nor_moves():
    distances, fake = Distances(features(50, 4)), features(30, 4, key=1)  # unequal n: KID has to choose
    torch.manual_seed(1)
    before = torch.random.get_rng_state()
    first = distances(fake)
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.manual_seed(2)
    assert distances(fake) == first


def test_fewer_samples_than_features_still_have_a_distance():
    real, fake = features(10, 32), features(10, 32, key=1, shift=2.0)
    frechet, kernel = Distances(real)(fake)
    # Singular covariances cost the matrix root half of the digits.
    assert frechet == pytest.approx(frechet_by_scipy(real, fake), rel=1e-5)
    assert kernel == pytest.approx(kernel_by_loops(real, fake), rel=1e-9)


def test_float32_features_are_taken_in_float64():
    real, fake = features(60, 4).float() + 1000, features(60, 4, key=1).float() + 1000
    frechet, _ = Distances(real)(fake)
    assert frechet == pytest.approx(frechet_by_scipy(real, fake), rel=1e-6)


def test_large_sets_are_compared_on_a_part_of_the_pairs(monkeypatch):
    monkeypatch.setattr("gan_losses.metrics.distances.KERNEL_LIMIT", 20)
    real, fake = features(50, 4), features(50, 4, key=1)
    part = Distances(real)(fake)[1]
    assert part == Distances(real)(fake)[1]
    assert abs(part - kernel_by_loops(real, fake)) > 1e-3 * abs(part)
    # Constant sets give the same value for any part: (1 + 1)³ + (4 + 1)³ - 2 (2 + 1)³.
    _, constant = Distances(torch.ones(50, 4))(torch.full((50, 4), 2.0))
    assert constant == pytest.approx(8 + 125 - 54, rel=1e-12)
