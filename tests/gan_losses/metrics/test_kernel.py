import gan_losses._torchvision  # noqa: F401, I001  before torchmetrics

import warnings

import pytest
import torch

from gan_losses.metrics import Fakes
from gan_losses.metrics import kernel as module
from gan_losses.metrics.kernel import Kernel, kernel_sum, own_sum
from gan_losses.random import stream_seed

# isort: split
from torchmetrics.image.kid import KernelInceptionDistance, poly_mmd


def by_loops(real, fake):
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


def distance(against, real, fake):
    return Kernel(against(real))(Fakes(len(fake), rows=fake))[0]


@pytest.mark.parametrize("count", [2, 5, 40])
def test_it_is_the_value_of_a_double_loop(features, against, count):
    real, fake = features(count, 6), features(count, 6, key=1, shift=0.3)
    assert distance(against, real, fake) == pytest.approx(by_loops(real, fake), rel=1e-9)


@pytest.mark.parametrize("block", [1, 7, 300, 1024])
def test_blocks_change_nothing_and_it_is_torchmetrics_value(features, against, monkeypatch, block):
    monkeypatch.setattr(module, "BLOCK", block)
    real, fake = features(300, 16), features(300, 16, key=1, shift=0.1)
    assert distance(against, real, fake) == pytest.approx(float(poly_mmd(real, fake)), rel=1e-9)
    assert own_sum(real) + kernel_sum(real.new_zeros(1, 16), real) == pytest.approx(
        kernel_sum(real, real) - sum(((row @ row) / 16 + 1) ** 3 for row in real).item() + 300, rel=1e-9
    )


@pytest.mark.parametrize(("real", "fake"), [(50, 30), (30, 50)])
def test_of_the_larger_side_as_many_are_drawn_by_key(features, against, real, fake):
    real, fake = features(real, 4), features(fake, 4, key=1)
    before = torch.random.get_rng_state()
    first = distance(against, real, fake)
    assert distance(against, real, fake) == first
    assert torch.equal(torch.random.get_rng_state(), before)
    # Constant sets give the same value for any part: (1 + 1)³ + (4 + 1)³ - 2 (2 + 1)³.
    constant = distance(against, torch.ones_like(real), torch.full_like(fake, 2.0))
    assert constant == pytest.approx(8 + 125 - 54, rel=1e-12)


@pytest.mark.parametrize(("real", "fake"), [(50, 30), (30, 50), (40, 40)])
def test_the_draw_is_the_one_that_torchmetrics_made_in_earlier_versions(features, against, real, fake):
    real, fake = features(real, 4), features(fake, 4, key=1)
    given = torch.nn.Identity()
    given.num_features = 4
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*will save all extracted features.*")
        metric = KernelInceptionDistance(feature=given, subsets=1, subset_size=min(len(real), len(fake)))
    metric.set_dtype(torch.float64)
    metric.update(real, real=True)
    metric.update(fake, real=False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(stream_seed(0, "kernel-distance"))
        expected = float(metric.compute()[0])
    assert distance(against, real, fake) == pytest.approx(expected, rel=1e-9)


def test_one_measure_serves_many_fakes(features, against):
    real, few, many = features(50, 4), features(30, 4, key=1), features(60, 4, key=2)
    measure = Kernel(against(real))
    values = [measure(Fakes(len(fake), rows=fake))[0] for fake in (few, many, few)]
    assert values == [distance(against, real, fake) for fake in (few, many, few)]


@pytest.mark.parametrize(("real", "fake"), [(130, 150), (150, 130)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_large_sets_have_torch_fidelitys_value(features, against, monkeypatch, real, fake, dtype):
    fidelity = pytest.importorskip("torch_fidelity.metric_kid")
    monkeypatch.setattr(module, "ALL_PAIRS", 120)
    monkeypatch.setattr(module, "SUBSET_SIZE", 40)
    real, fake = features(real, 16).to(dtype), features(fake, 16, key=1, shift=0.1).to(dtype)
    expected = fidelity.kid_features_to_metric(fake, real, kid_subset_size=40, verbose=False)
    tolerance = {torch.float64: 1e-9, torch.float32: 1e-6}[dtype]
    expected = expected[fidelity.KEY_METRIC_KID_MEAN]
    assert distance(against, real, fake) == pytest.approx(expected, rel=tolerance, abs=tolerance / 10)


def test_its_settings_are_torch_fidelitys():
    defaults = pytest.importorskip("torch_fidelity.defaults").DEFAULTS
    assert (defaults["kid_subsets"], defaults["kid_subset_size"]) == (module.SUBSETS, module.SUBSET_SIZE)
    assert defaults["rng_seed"] == module.SUBSET_SEED


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (40, "unbiased, all pairs of 40, kernel (x·y / d + 1)³"),
        (
            20000,
            "unbiased, mean of 100 subsets of 1000, drawn as torch-fidelity does from seed 2020, kernel (x·y / d + 1)³",
        ),
    ],
)
def test_the_passport_says_which_pairs(against, count, expected):
    assert Kernel(against(torch.zeros(count, 2))).settings(15000) == {"kid_estimator": expected}
