import math

import pytest
import torch

from gan_losses.metrics import Fakes
from gan_losses.metrics import neighbours as module
from gan_losses.metrics.neighbours import Neighbours


def measured(against, real, fake):
    return Neighbours(against(real))(Fakes(len(fake), rows=fake))


def naive(real, fake):
    """The four, image by image."""

    def reach(rows, number, k):
        return sorted(math.dist(rows[number], other) for other in rows)[k]

    real, fake = real.tolist(), fake.tolist()
    precision = [any(math.dist(f, r) <= reach(real, i, 3) for i, r in enumerate(real)) for f in fake]
    recall = [any(math.dist(f, r) <= reach(fake, j, 3) for j, f in enumerate(fake)) for r in real]
    inside = [[math.dist(f, r) < reach(real, i, 5) for i, r in enumerate(real)] for f in fake]
    covered = [any(row[i] for row in inside) for i in range(len(real))]
    density = sum(map(sum, inside)) / (5 * len(fake))
    return sum(precision) / len(fake), sum(recall) / len(real), density, sum(covered) / len(real)


@pytest.mark.parametrize("shift", [0.0, 0.5, 1.5])
@pytest.mark.parametrize("block", [7, 1024])
def test_the_four_are_those_of_plain_loops(features, against, monkeypatch, shift, block):
    monkeypatch.setattr(module, "BLOCK", block)
    real, fake = features(40, 3), features(30, 3, shift=shift)[:30] * 0.7
    assert measured(against, real, fake) == pytest.approx(naive(real, fake), rel=1e-12)


def test_loops_and_blocks_agree_on_ties(against):
    # Points of a small grid, many of them at equal distances and some equal.
    random = torch.Generator().manual_seed(0)
    real, fake = (torch.randint(4, (30, 2), generator=random).double() for _ in range(2))
    assert measured(against, real, fake) == pytest.approx(naive(real, fake), rel=1e-12)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(("real", "fake"), [(400, 300), (300, 400)])
def test_precision_and_recall_are_torch_fidelitys(features, against, dtype, real, fake):
    fidelity = pytest.importorskip("torch_fidelity.metric_prc")
    real, fake = features(real, 16).to(dtype), (0.8 * features(fake, 16, 1, shift=0.4)).to(dtype)
    expected = fidelity.prc_features_to_metric(fake, real, verbose=False, save_cpu_ram=False)
    precision, recall, *_ = measured(against, real, fake)
    assert 0.05 < precision < 0.999
    assert precision == pytest.approx(expected["precision"], abs=1e-6)
    assert recall == pytest.approx(expected["recall"], abs=1e-6)


def test_equal_sets_are_precise_recalled_and_covered_with_a_density_of_about_one(features, against):
    real = features(500, 4)
    precision, recall, density, coverage = measured(against, real, real)
    assert (precision, recall, coverage) == (1.0, 1.0, 1.0)
    assert density == pytest.approx(1.0, abs=1e-9)  # a ball holds its own image and 4 more: the 5th is on the edge


def test_sets_far_apart_have_nothing_in_common(features, against):
    assert measured(against, features(50, 3), features(50, 3, key=1, shift=1e4)) == (0.0, 0.0, 0.0, 0.0)


def test_copies_of_one_image_are_precise_and_recall_nothing(features, against):
    real = features(200, 3)
    precision, recall, density, coverage = measured(against, real, real[:1].repeat(50, 1))
    assert (precision, recall) == (1.0, 1 / 200)
    assert density > 0
    assert coverage < 0.2


@pytest.mark.parametrize(("real", "fake"), [(5, 50), (50, 5)])
def test_sides_without_five_neighbours_have_no_values(features, against, real, fake):
    assert all(math.isnan(value) for value in measured(against, features(real, 3), features(fake, 3)))


def test_of_large_sets_a_keyed_part_is_taken_and_the_passport_says_so(features, against, monkeypatch):
    monkeypatch.setattr(module, "MOST", 50)
    real, fake = features(200, 3), features(60, 3, key=1)
    first = measured(against, real, fake)
    assert first == measured(against, real, fake)
    assert first != measured(against, real[:50], fake[:50])
    assert (first[1] * 50).is_integer()
    expected = "precision and recall k = 3, density and coverage k = 5, 50 real, 50 fake"
    assert Neighbours(against(real)).settings(60) == {"neighbours": expected}
