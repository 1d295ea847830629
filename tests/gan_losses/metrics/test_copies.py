import pytest
import torch

from gan_losses.data import to_float
from gan_losses.metrics import Copies
from gan_losses.metrics.rows import chosen
from gan_losses.random import keyed_generator


def noise(count, key, channels=1, size=8):
    generator = keyed_generator(0, "test/copies", key)
    return torch.randint(256, (count, channels, size, size), dtype=torch.uint8, generator=generator)


def brute_force(images, train):
    images, train = to_float(images).double().flatten(1), to_float(train).double().flatten(1)
    return torch.stack([min((image - other).square().sum().sqrt() for other in train) for image in images])


@pytest.mark.parametrize(("channels", "chunk"), [(1, 1024), (3, 1024), (1, 7)])
def test_nearest_distances_are_those_of_brute_force_however_they_are_cut(monkeypatch, channels, chunk):
    monkeypatch.setattr("gan_losses.metrics.copies.CHUNK", chunk)
    train, images = noise(60, 0, channels), noise(40, 1, channels)
    nearest = Copies(train, images).nearest(images)
    torch.testing.assert_close(nearest, brute_force(images, train).float(), rtol=1e-5, atol=0)


def test_exact_copies_are_at_distance_zero_and_all_counted():
    train = noise(100, 0)
    copies = Copies(train, noise(50, 1))
    assert torch.equal(copies.nearest(train), torch.zeros(100))
    assert copies.rate(train) == 1.0


def test_fresh_noise_holds_no_copies_of_noise():
    assert Copies(noise(100, 0), noise(50, 1)).rate(torch.full((10, 1, 8, 8), 255, dtype=torch.uint8)) == 0.0


def test_the_share_of_copies_among_others_is_counted():
    train = noise(100, 0)
    far = torch.full((30, 1, 8, 8), 255, dtype=torch.uint8)
    assert Copies(train, noise(50, 1)).rate(torch.cat([train[:10], far])) == 0.25


def test_the_threshold_is_the_first_percentile_of_the_test_images_distances():
    train = torch.zeros(1, 1, 1, 1, dtype=torch.uint8)
    test = torch.arange(101, dtype=torch.uint8).view(-1, 1, 1, 1)
    copies = Copies(train, test)
    assert copies.threshold == pytest.approx(1 / 127.5, rel=1e-5)  # the second smallest of 101 distances 0, 1, … 100
    assert copies.rate(test[2:]) == 0.0


def test_test_images_that_are_copies_themselves_still_let_copies_count():
    train = noise(20, 0)
    copies = Copies(train, train)
    assert copies.threshold == 0.0
    assert copies.rate(train) == 1.0


def test_one_in_a_hundred_unseen_digits_counts_as_a_copy(digits):
    copies = Copies(digits.train.images["image"], digits.test.images["image"])
    assert copies.rate(digits.test.images["image"]) == 0.01


def test_of_many_test_images_a_keyed_part_sets_the_threshold(monkeypatch):
    monkeypatch.setattr("gan_losses.metrics.copies.LIMIT", 10)
    train, test = noise(100, 0), noise(80, 1)
    few, all_of_them = Copies(train, test), Copies(train, test[:10])
    part = test[chosen(80, 10, "copies/test")]
    assert few.threshold == Copies(train, part).threshold
    assert few.threshold != all_of_them.threshold
